"""What is recorded of many results: all that didn't pass first, in pieces that a fact holds."""

from __future__ import annotations

import pytest

from buildledger.events.build import TestResult
from buildledger.reports import gathering, limits

PASSED = TestResult(name="ok", status="passed")
FAILED = TestResult(name="bad", status="failed", message="m" * 100)


def test_counts_are_of_all() -> None:
    """Totals count what is left out as well."""
    totals = gathering.Totals()
    totals.add([PASSED, PASSED, FAILED, TestResult(name="s", status="skipped"), TestResult(name="e", status="error")])
    assert (totals.reports, totals.passed, totals.failed, totals.errors, totals.skipped) == (1, 2, 1, 1, 1)


def test_failures_are_left_out_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for three of five, both failures stay, wherever they stand."""
    monkeypatch.setattr(limits, "TESTS", 3)
    budget = gathering.Budget()
    kept, omitted = budget.admit([PASSED, PASSED, FAILED, PASSED, FAILED])
    assert [one.status for one in kept] == ["passed", "failed", "failed"]
    assert omitted == 2
    assert budget.admit([FAILED]) == ([], 1), "then there is room for nothing"


def test_messages_have_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is beyond it stands without its message."""
    monkeypatch.setattr(limits, "MESSAGES_CHARACTERS", 150)
    kept, _ = gathering.Budget().admit([FAILED, FAILED])
    assert [len(one.message) for one in kept] == [100, 0]


def test_parts_fit_a_fact() -> None:
    """By number and by characters; no results are one empty part."""
    assert [len(part) for part in gathering.parts([PASSED] * 600)] == [250, 250, 100]
    long = TestResult(name="n", status="failed", message="m" * 2_000)
    assert max(len(part) for part in gathering.parts([long] * 100)) * 2_001 <= limits.FACT_CHARACTERS
    assert list(gathering.parts([])) == [()]
