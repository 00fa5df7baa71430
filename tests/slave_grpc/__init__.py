"""Tests of the worker service."""
