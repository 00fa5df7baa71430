"""Rows of the status view → builds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.api.http.problems import NotFound
from buildledger.api.models import builds as models
from buildledger.api.models.scalars import BuildRef, SourceStamp
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.events.request import SourceStamp as Stamp
from buildledger.projections.columns import moment
from buildledger.projections.reading import Reading
from buildledger.projections.row_buffers import chunks
from buildledger.projections.status_tables import UNFINISHED, build, build_state, step

_stamps = msgspec.json.Decoder(list[Stamp])
_revisions = msgspec.json.Decoder(dict[str, str])

_LISTED = (
    build.c.seq,
    build.c.id,
    build.c.builder,
    build.c.number,
    build.c.worker,
    build.c.attempt,
    build.c.stamps,
    build.c.change_count,
    build.c.reason,
    build.c.requested_by,
    build.c.assigned_at,
    build_state.c.status,
    build_state.c.result,
    build_state.c.summary,
    build_state.c.obtained,
    build_state.c.finished_at,
)
_REFERRED = (
    build.c.seq,
    build.c.id,
    build.c.builder,
    build.c.number,
    build.c.worker,
    build.c.assigned_at,
    build_state.c.result,
    build_state.c.summary,
    build_state.c.finished_at,
)


def joined(reading: Reading, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Builds with their state at the reading's position."""
    return (
        sa.select(*columns)
        .join_from(build, build_state, build_state.c.seq == build.c.seq)
        .where(reading.is_current(build_state), reading.existed(build.c.seq))
    )


def listed(reading: Reading) -> sa.Select[Any]:
    """What `as_builds` needs of builds."""
    return joined(reading, *_LISTED)


def as_builds(reading: Reading, personal: PersonalDataResolver, rows: Sequence[sa.Row[Any]]) -> list[models.Build]:
    """Rows of `listed` as they are answered; one more query if some of them run."""
    personal.load(actors={row.requested_by for row in rows})
    running = current_steps(reading, [row.seq for row in rows if row.finished_at is None])
    return [_build(row, personal, running.get(row.seq)) for row in rows]


def current_steps(reading: Reading, seqs: Sequence[int]) -> dict[int, models.CurrentStep]:
    """The step that runs, of each of these builds that has one."""
    found: dict[int, models.CurrentStep] = {}
    columns = sa.select(step.c.seq, step.c.number, step.c.name, step.c.started_at).where(
        reading.is_current(step), step.c.finished_at.is_(None)
    )
    for chunk in chunks(seqs):
        for row in reading.all(columns.where(step.c.seq.in_(chunk))):
            found[row.seq] = models.CurrentStep(index=row.number, name=row.name, started_at=moment(row.started_at))
    return found


def _build(row: sa.Row[Any], personal: PersonalDataResolver, current: models.CurrentStep | None) -> models.Build:
    return models.Build(
        id=row.id,
        builder=row.builder,
        number=row.number,
        position=row.seq,
        status=row.status,
        result=row.result,
        summary=row.summary,
        reason=row.reason,
        requested_by=personal.actor(row.requested_by),
        worker=row.worker,
        attempt=row.attempt,
        stamps=stamps_of(row.stamps, _revisions.decode(row.obtained)),
        change_count=row.change_count,
        step=current,
        assigned_at=moment(row.assigned_at),
        finished_at=None if row.finished_at is None else moment(row.finished_at),
    )


def stamps_of(stored: str, obtained: Mapping[str, str]) -> list[SourceStamp]:
    """Stored stamps with what their checkouts got."""
    return [
        SourceStamp(
            source=stamp.source,
            repository=stamp.repository,
            branch=stamp.branch,
            revision=stamp.revision,
            obtained=obtained.get(stamp.source),
        )
        for stamp in _stamps.decode(stored)
    ]


def references(reading: Reading, seqs: Iterable[int]) -> dict[int, BuildRef]:
    """Builds by their position, briefly."""
    return {row.seq: as_reference(row) for row in referred(reading, seqs)}


def referred(reading: Reading, seqs: Iterable[int]) -> list[sa.Row[Any]]:
    """Rows for `as_reference`, in no order."""
    columns = joined(reading, *_REFERRED)
    return [row for chunk in chunks(list(seqs)) for row in reading.all(columns.where(build.c.seq.in_(chunk)))]


def running(reading: Reading) -> list[sa.Row[Any]]:
    """Rows for `as_reference` of all builds that run, oldest first."""
    return list(reading.all(joined(reading, *_REFERRED).where(UNFINISHED).order_by(build.c.seq)))


def reference_where(reading: Reading, *conditions: sa.ColumnElement[bool]) -> BuildRef | None:
    """The build that fits, briefly."""
    row = reading.first(joined(reading, *_REFERRED).where(*conditions))
    return None if row is None else as_reference(row)


def as_reference(row: sa.Row[Any]) -> BuildRef:
    """A row as briefly as it is answered."""
    return BuildRef(
        id=row.id,
        builder=row.builder,
        number=row.number,
        result=row.result,
        assigned_at=moment(row.assigned_at),
        finished_at=None if row.finished_at is None else moment(row.finished_at),
    )


def seq_of(reading: Reading, build_id: UUID) -> int:
    """Where a build was assigned. Raises: NotFound if it wasn't yet."""
    row = reading.first(sa.select(build.c.seq).where(build.c.id == build_id, reading.existed(build.c.seq)))
    if row is None:
        raise NotFound("build", build_id)
    return int(row.seq)
