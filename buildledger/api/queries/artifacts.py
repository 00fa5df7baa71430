"""Rows of the status and test views → artifacts and tests."""

from __future__ import annotations

import mimetypes
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from buildledger.api.models import artifacts as models
from buildledger.projections.columns import moment
from buildledger.projections.reading import Reading
from buildledger.projections.status_tables import artifact, artifact_removed, build
from buildledger.projections.test_results import test_report, test_result

FAILURES_SHOWN = 20
"""In a build's summary; the list has all."""
_DIRECTORY = "inode/directory"
_UNKNOWN = "application/octet-stream"


def artifacts_of(reading: Reading, seq: int, keep: timedelta | None) -> list[models.Artifact]:
    """What is kept of a build, or was, in the order in which it was stored."""
    rows = reading.all(_artifacts(reading).where(artifact.c.seq == seq).order_by(artifact.c.position))
    return [_artifact(row, keep) for row in rows]


def artifact_of(reading: Reading, operation_id: UUID, keep: timedelta | None) -> tuple[models.Artifact, UUID] | None:
    """One artifact, and the build that it is of."""
    query = _artifacts(reading).add_columns(build.c.id.label("build_id"))
    query = query.join(build, build.c.seq == artifact.c.seq).where(artifact.c.operation_id == operation_id)
    row = reading.first(query)
    return None if row is None else (_artifact(row, keep), row.build_id)


def _artifacts(reading: Reading) -> sa.Select[Any]:
    gone = sa.and_(
        artifact_removed.c.operation_id == artifact.c.operation_id, reading.existed(artifact_removed.c.position)
    )
    return (
        sa.select(artifact, artifact_removed.c.removed_at, artifact_removed.c.reason)
        .join_from(artifact, artifact_removed, gone, isouter=True)
        .where(reading.existed(artifact.c.position))
    )


def _artifact(row: sa.Row[Any], keep: timedelta | None) -> models.Artifact:
    stored_at = moment(row.stored_at)
    removed = row.removed_at is not None
    return models.Artifact(
        name=row.name,
        kind="directory" if row.directory else "file",
        type=_DIRECTORY if row.directory else mimetypes.guess_type(row.name)[0] or _UNKNOWN,
        size_bytes=row.size_bytes,
        file_count=row.file_count,
        sha256=row.sha256,
        operation_id=row.operation_id,
        stored_at=stored_at,
        expires_at=None if keep is None or removed else stored_at + keep,
        removed_at=moment(row.removed_at) if removed else None,
        removed_because=row.reason,
    )


def totals_of(reading: Reading, build_id: UUID) -> models.TestTotals | None:
    """How the tests of a build came out; None if no report was read."""
    counted = (test_report.c.passed, test_report.c.failed, test_report.c.errors, test_report.c.skipped)
    query = sa.select(
        sa.func.count(sa.distinct(test_report.c.report)),
        *(sa.func.coalesce(sa.func.sum(column), 0) for column in (*counted, test_report.c.omitted)),
    ).where(test_report.c.build_id == build_id, reading.existed(test_report.c.position))
    row = reading.first(query)
    if row is None or row[0] == 0:
        return None
    reports, passed, failed, errors, skipped, omitted = (int(value) for value in row)
    return models.TestTotals(
        reports=reports, passed=passed, failed=failed, errors=errors, skipped=skipped, omitted=omitted
    )


def tests_of(reading: Reading, build_id: UUID) -> sa.Select[Any]:
    """Tests of a build, the worst first."""
    table = test_result
    return (
        sa.select(table, test_report.c.report, test_report.c.step)
        .join_from(table, test_report, test_report.c.position == table.c.position)
        .where(table.c.build_id == build_id, reading.existed(table.c.position))
        .order_by(table.c.rank, table.c.position, table.c.place)
    )


def summary_of(reading: Reading, build_id: UUID) -> models.TestSummary | None:
    """The tests of a build in brief; None if no report was read."""
    totals = totals_of(reading, build_id)
    if totals is None:
        return None
    failures = tests_of(reading, build_id).where(test_result.c.rank == 0).limit(FAILURES_SHOWN)
    return models.TestSummary(totals=totals, failures=[as_test(row) for row in reading.all(failures)])


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
