"""Builds, from the view `status`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.api.http.problems import NotFound
from buildledger.api.models import builds as models
from buildledger.api.models.scalars import BuildRef, SourceStamp
from buildledger.api.queries.locks import LockSituation
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.api.queries.readings import Readings
from buildledger.api.queries.select_builds import Rows, SelectBuilds
from buildledger.events.request import SourceStamp as Stamp
from buildledger.projections import status_tables
from buildledger.projections.columns import moment, optional_moment
from buildledger.projections.reading import Reading
from buildledger.projections.row_buffers import chunks

_stamps = msgspec.json.Decoder(list[Stamp])
_revisions = msgspec.json.Decoder(dict[str, str])


def list_builds(
    reading: Reading,
    *,
    limit: int,
    before: int | None = None,
    builder: str | None = None,
    worker: str | None = None,
    request_id: UUID | None = None,
    status: Literal["running", "finished"] | None = None,
    result: str | None = None,
) -> Rows:
    """Rows for `as_builds`, newest first, of builds assigned before position `before` that fit every given filter."""
    query = SelectBuilds(reading)
    for column, value in (("builder", builder), ("worker", worker), ("request_id", request_id)):
        if value is not None:
            query.where(query.build.c[column] == value)
    if result is not None:
        query.where(query.state.c.result == result)
    if status is not None:
        query = query.unfinished() if status == "running" else query.finished()
    return query.newest_first(limit, before, of_some=(builder, worker, request_id) != (None, None, None))


def as_builds(readings: Readings, personal: PersonalDataResolver, rows: Rows) -> list[models.Build]:
    """Rows of `SelectBuilds` as they are answered; one more query if some of them run.

    The views `status` and `revisions` have to be among those that are read.
    """
    personal.load(actors={row.requested_by for row in rows})
    running = _current_steps(readings, [row.seq for row in rows if row.finished_at is None])
    return [_build(row, personal, running.get(row.seq)) for row in rows]


def _current_steps(readings: Readings, seqs: Sequence[int]) -> dict[int, models.CurrentStep]:
    """The step that runs, of each of these builds that has one."""
    found: dict[int, models.CurrentStep] = {}
    reading, locks = readings["status"], LockSituation(readings)
    step = reading.table(status_tables.step)
    waits = sa.and_(step.c.locks.is_not(None), step.c.locks_taken_at.is_(None)).label("waits")
    columns = sa.select(step.c.seq, step.c.number, step.c.name, step.c.after_stop, step.c.started_at, waits)
    for chunk in chunks(seqs):
        for row in reading.all(columns.where(step.c.finished_at.is_(None), step.c.seq.in_(chunk))):
            found[row.seq] = models.CurrentStep(
                index=row.number,
                name=row.name,
                after_stop=row.after_stop,
                started_at=moment(row.started_at),
                waiting=locks.wait_of(row.seq) if row.waits else None,
            )
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
        finished_at=optional_moment(row.finished_at),
    )


def stamps_of(stored: str, obtained: Mapping[str, str]) -> list[SourceStamp]:
    """Stored stamps with the revisions that their checkouts got."""
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
    """The builds assigned at these positions, as briefly as they are answered."""
    return {row.seq: as_reference(row) for row in reference_rows(reading, seqs)}


def reference_rows(reading: Reading, seqs: Iterable[int]) -> list[sa.Row[Any]]:
    """Rows for `as_reference` of the builds assigned at these positions, in no order."""
    query = SelectBuilds(reading, brief=True)
    among = query.build.c.seq.in_
    return [row for chunk in chunks(list(seqs)) for row in reading.all(query.statement.where(among(chunk)))]


def reference_by_number(reading: Reading, builder: str, number: int) -> BuildRef | None:
    """The build of a builder that has this number, briefly."""
    query = SelectBuilds(reading, brief=True)
    row = reading.first(query.where(query.build.c.builder == builder, query.build.c.number == number).statement)
    return None if row is None else as_reference(row)


def as_reference(row: sa.Row[Any]) -> BuildRef:
    """A row as briefly as it is answered."""
    return BuildRef(
        id=row.id,
        builder=row.builder,
        number=row.number,
        result=row.result,
        assigned_at=moment(row.assigned_at),
        finished_at=optional_moment(row.finished_at),
    )


def seq_of(reading: Reading, build_id: UUID) -> int:
    """The position at which a build was assigned.

    Raises:
        NotFound: it wasn't yet, or there is no such build.
    """
    build = reading.table(status_tables.build)
    row = reading.first(sa.select(build.c.seq).where(build.c.id == build_id))
    if row is None:
        raise NotFound("build", build_id)
    return int(row.seq)


def stored_build(reading: Reading, seq: int) -> sa.Row[Any]:
    """Everything that was fixed when the build at this position was assigned."""
    build = reading.table(status_tables.build)
    row = reading.first(sa.select(build).where(build.c.seq == seq))
    assert row is not None
    return row


def obtained_revisions(reading: Reading, seq: int) -> dict[str, str]:
    """Which revision the checkout of each source got, in the build assigned at this position."""
    state = reading.table(status_tables.build_state)
    row = reading.first(sa.select(state.c.obtained).where(state.c.seq == seq))
    assert row is not None
    return _revisions.decode(row.obtained)
