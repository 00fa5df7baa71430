"""Endpoints, one file a noun: parameters in, a query or a command, a response out."""
