"""Tests of what a new configuration changes."""
