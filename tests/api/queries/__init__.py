"""Queries, and what they show."""
