"""Sessions with the server: desired state, events, acknowledgements, heartbeats."""
