"""Projections: what they say of a history, and that it doesn't matter how they came to say it."""
