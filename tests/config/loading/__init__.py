"""Tests of what models come to, section by section."""
