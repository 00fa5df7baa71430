"""Runs: from a specification to the last event, and recovery after a restart of the worker."""
