"""Tests of CEL, and what is said of wrong expressions."""
