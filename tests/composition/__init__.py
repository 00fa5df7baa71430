"""Tests of how a server is put together."""
