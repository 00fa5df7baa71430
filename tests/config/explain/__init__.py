"""Tests of `config explain`."""
