"""Connections to the server: channels, credentials, enrollment, back-off."""
