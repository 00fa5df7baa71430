"""Tests of the worker protocol's definition and of what is generated from it."""
