"""Artifacts of builds, from the view `status`."""

from __future__ import annotations

import mimetypes
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from buildledger.api.models import artifacts as models
from buildledger.projections import status_tables
from buildledger.projections.columns import moment
from buildledger.projections.reading import Reading

_DIRECTORY = "inode/directory"
_UNKNOWN = "application/octet-stream"


def artifacts_of(reading: Reading, seq: int, keep: timedelta | None) -> list[models.Artifact]:
    """Every artifact that the build assigned at position `seq` ever stored, in that order.

    `keep` is how long artifacts are kept; None: for ever.
    """
    query, artifact = _select(reading)
    rows = reading.all(query.where(artifact.c.seq == seq).order_by(artifact.c.position))
    return [_artifact(row, keep) for row in rows]


def artifact_of(reading: Reading, operation_id: UUID, keep: timedelta | None) -> tuple[models.Artifact, UUID] | None:
    """The artifact that an upload stored, and the id of its build; None if there is none."""
    query, artifact = _select(reading)
    build = reading.table(status_tables.build)
    query = query.add_columns(build.c.id.label("build_id")).join(build, build.c.seq == artifact.c.seq)
    row = reading.first(query.where(artifact.c.operation_id == operation_id))
    return None if row is None else (_artifact(row, keep), row.build_id)


def _select(reading: Reading) -> tuple[sa.Select[Any], sa.FromClause]:
    """A query for artifacts with their removal, if they were removed; and the table to narrow it by."""
    artifact = reading.table(status_tables.artifact)
    removed = reading.table(status_tables.artifact_removed)
    query = sa.select(artifact, removed.c.removed_at, removed.c.reason).join_from(
        artifact, removed, removed.c.operation_id == artifact.c.operation_id, isouter=True
    )
    return query, artifact


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
