"""The connection to the server: channels, credentials and their renewal, enrollment, back-off."""
