"""Commands from requests."""
