"""Every limit on what a test report may hold, so that a hostile or broken one costs little and says why."""

from __future__ import annotations

REPORTS = 500
"""Files of one step."""
REPORT_BYTES = 32 << 20
"""One file."""
TESTS = 20_000
"""Tests of one step that are recorded one by one; those that passed or were skipped are left out first."""
TESTS_READ = 1_000_000
"""Tests of one file."""
DEPTH = 32
"""Suites within suites."""
NAME_CHARACTERS = 500
MESSAGE_CHARACTERS = 2_000
"""Of what a test said when it didn't pass; the report has all of it."""
MESSAGES_CHARACTERS = 2_000_000
"""Of all messages of a step; what comes after has none."""
LINE_CHARACTERS = 4_096
"""Of a line of TAP."""

FACT_RESULTS = 250
"""Results in one fact."""
FACT_CHARACTERS = 64 << 10
"""Of their names and messages."""
