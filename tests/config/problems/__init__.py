"""Tests of what is said of wrong files."""
