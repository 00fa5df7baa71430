"""From the results of a step's reports to what is recorded: counted all, kept within limits, cut into facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
from msgspec.structs import replace

from buildledger.events.answers import ReportTotals
from buildledger.events.build import TestResult
from buildledger.reports import limits

BAD = frozenset({"failed", "error"})


class Totals(msgspec.Struct, kw_only=True):
    """How many tests came to what, counted report by report."""

    reports: int = 0
    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0

    def add(self, results: Sequence[TestResult]) -> None:
        """Count one more report."""
        counts = Counter(result.status for result in results)
        self.reports += 1
        self.passed += counts["passed"]
        self.failed += counts["failed"]
        self.errors += counts["error"]
        self.skipped += counts["skipped"]

    def told(self) -> ReportTotals:
        """The outcome that step programs read."""
        return ReportTotals(**msgspec.structs.asdict(self))


class Budget:
    """What of a step's results may still be recorded."""

    def __init__(self) -> None:
        self._tests = limits.TESTS
        self._characters = limits.MESSAGES_CHARACTERS

    def admit(self, results: Sequence[TestResult]) -> tuple[Sequence[TestResult], int]:
        """Those of one report that are recorded, in its order, and how many are left out.

        Those that didn't pass are the last to be left out.
        """
        bad = sum(result.status in BAD for result in results)
        good = max(0, self._tests - bad)
        kept: list[TestResult] = []
        for result in results:
            if result.status not in BAD:
                if good == 0:
                    continue
                good -= 1
            elif self._tests == len(kept):
                continue
            kept.append(self._shortened(result))
        self._tests -= len(kept)
        return kept, len(results) - len(kept)

    def _shortened(self, result: TestResult) -> TestResult:
        if len(result.message) > self._characters:
            return replace(result, message="")
        self._characters -= len(result.message)
        return result


def parts(results: Sequence[TestResult]) -> Iterator[tuple[TestResult, ...]]:
    """Results in pieces that one fact holds each; one empty piece if there are none."""
    piece: list[TestResult] = []
    room = limits.FACT_CHARACTERS
    for result in results:
        cost = len(result.name) + len(result.suite) + len(result.message)
        if piece and (len(piece) == limits.FACT_RESULTS or cost > room):
            yield tuple(piece)
            piece, room = [], limits.FACT_CHARACTERS
        piece.append(result)
        room -= cost
    yield tuple(piece)
