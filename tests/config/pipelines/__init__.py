"""Tests of repositories' own files."""
