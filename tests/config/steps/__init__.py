"""Tests of the keys of steps, and what is stored of them."""
