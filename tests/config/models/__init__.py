"""Tests of the file format: its JSON Schema and its page in the manual."""
