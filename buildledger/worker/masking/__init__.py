"""Masking of secrets in whatever a command writes."""
