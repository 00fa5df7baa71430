"""Results of the tests of builds, from the view `tests`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from buildledger.api.models import artifacts as models
from buildledger.projections import test_results as tables
from buildledger.projections.reading import Reading

__test__ = False

FAILURES_SHOWN = 20
"""In a build's summary; the list has all."""
_COUNTED = ("passed", "failed", "errors", "skipped", "omitted")


def totals_of(reading: Reading, build_id: UUID) -> models.TestTotals | None:
    """How the tests of a build came out; None if no report was read."""
    report = reading.table(tables.test_report)
    query = sa.select(
        sa.func.count(sa.distinct(report.c.report)),
        *(sa.func.coalesce(sa.func.sum(report.c[name]), 0) for name in _COUNTED),
    ).where(report.c.build_id == build_id)
    row = reading.first(query)
    if row is None or row[0] == 0:
        return None
    reports, passed, failed, errors, skipped, omitted = (int(value) for value in row)
    return models.TestTotals(
        reports=reports, passed=passed, failed=failed, errors=errors, skipped=skipped, omitted=omitted
    )


def list_tests(
    reading: Reading,
    build_id: UUID,
    *,
    limit: int,
    after: tuple[int, int, int] | None = None,
    status: str | None = None,
    rank: int | None = None,
) -> list[sa.Row[Any]]:
    """Rows for `as_test` of a build's tests, the worst first, behind the one whose rank, position and place is given.

    `rank` 0 leaves those that didn't pass and weren't skipped.
    """
    result, report = reading.table(tables.test_result), reading.table(tables.test_report)
    columns = result.c
    query = (
        sa.select(result, report.c.report, report.c.step)
        .join_from(result, report, report.c.position == columns.position)
        .where(columns.build_id == build_id)
        .order_by(columns.rank, columns.position, columns.place)
        .limit(limit)
    )
    if status is not None:
        query = query.where(columns.status == status)
    if rank is not None:
        query = query.where(columns.rank == rank)
    if after is not None:
        after_rank, position, place = after
        later = (columns.position > position) | ((columns.position == position) & (columns.place > place))
        query = query.where((columns.rank > after_rank) | ((columns.rank == after_rank) & later))
    return list(reading.all(query))


def test_summary_of(reading: Reading, build_id: UUID) -> models.TestSummary | None:
    """The tests of a build in brief; None if no report was read."""
    totals = totals_of(reading, build_id)
    if totals is None:
        return None
    failures = list_tests(reading, build_id, limit=FAILURES_SHOWN, rank=0)
    return models.TestSummary(totals=totals, failures=[as_test(row) for row in failures])


def as_test(row: sa.Row[Any]) -> models.TestResult:
    """One test as it is answered."""
    return models.TestResult(
        report=row.report,
        step=row.step,
        suite=row.suite,
        name=row.name,
        status=row.status,
        seconds=row.seconds,
        message=row.message,
    )
