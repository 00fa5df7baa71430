"""Tests of what single entries of a file may be."""
