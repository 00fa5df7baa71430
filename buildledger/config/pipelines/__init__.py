"""Builders and triggers that a repository's own file defines, beside those of the central configuration."""
