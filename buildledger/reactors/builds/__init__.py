"""Builds under way: their step programs driven forward, and completed."""
