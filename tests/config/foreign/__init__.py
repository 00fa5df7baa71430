"""Tests of what is said of other systems' words."""
