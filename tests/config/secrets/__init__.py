"""Tests of where secrets come from."""
