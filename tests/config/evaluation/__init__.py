"""Tests of a configuration that is asked about one build."""
