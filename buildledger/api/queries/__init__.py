"""Queries: rows of the read models into answers, one file a noun."""
