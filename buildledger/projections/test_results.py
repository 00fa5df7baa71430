"""What became of the tests of each build."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

import sqlalchemy as sa

from buildledger.events.build import TestsReported
from buildledger.events.fact import Fact, Recorded
from buildledger.projections.columns import SCHEMA, identity, number, sequence, text
from buildledger.projections.projection import ProjectionWriter
from buildledger.projections.row_buffers import AppendBuffer

METADATA = sa.MetaData()

test_report = sa.Table(
    "test_report",
    METADATA,
    sequence("position"),
    identity("build_id", nullable=False),
    number("step"),
    text("report"),
    text("format"),
    number("passed"),
    number("failed"),
    number("errors"),
    number("skipped"),
    number("omitted"),
    schema=SCHEMA,
)
"""One row a fact: a long report has several."""
sa.Index("test_report_build", test_report.c.build_id)

test_result = sa.Table(
    "test_result",
    METADATA,
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
    identity("build_id", nullable=False),
    number("rank"),
    text("suite"),
    text("name"),
    text("status"),
    sa.Column("seconds", sa.Double, nullable=True),
    text("message"),
    schema=SCHEMA,
)
"""`place` is the test's in its fact, `rank` brings what is bad to the top."""
sa.Index("test_result_build", test_result.c.build_id, test_result.c.rank, test_result.c.position, test_result.c.place)

RANKS = {"failed": 0, "error": 0, "skipped": 1, "passed": 2}


class TestResults:
    """Reports, and the tests in them."""

    __test__ = False
    NAME: ClassVar[str] = "tests"
    VERSION: ClassVar[int] = 1
    METADATA: ClassVar[sa.MetaData] = METADATA
    FACTS: ClassVar[frozenset[type[Fact]]] = frozenset({TestsReported})

    def writer(self) -> ProjectionWriter:
        """A writer of rows that has read nothing into memory yet."""
        return TestResultsWriter()


class TestResultsWriter:
    """Writes rows from the facts alone; keeps nothing in memory between batches."""

    __test__ = False

    def __init__(self) -> None:
        self._reports = AppendBuffer(test_report)
        self._results = AppendBuffer(test_result)

    def apply(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        """See `ProjectionWriter`."""
        for recorded in batch:
            fact = recorded.fact
            assert isinstance(fact, TestsReported)
            counts = Counter(result.status for result in fact.results)
            self._reports.add(
                {
                    "position": recorded.position,
                    "build_id": recorded.stream_id,
                    "step": fact.step,
                    "report": fact.report,
                    "format": fact.format,
                    "passed": counts["passed"],
                    "failed": counts["failed"],
                    "errors": counts["error"],
                    "skipped": counts["skipped"],
                    "omitted": fact.omitted,
                }
            )
            for place, result in enumerate(fact.results):
                self._results.add(
                    {
                        "position": recorded.position,
                        "place": place,
                        "build_id": recorded.stream_id,
                        "rank": RANKS[result.status],
                        "suite": result.suite,
                        "name": result.name,
                        "status": result.status,
                        "seconds": result.seconds,
                        "message": result.message,
                    }
                )
        self._reports.flush(connection)
        self._results.flush(connection)
