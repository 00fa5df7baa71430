"""Requests for builds, from the view `queue`, and why those wait that do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.api.models import requests as models
from buildledger.api.queries.builds import stamps_of
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.api.queries.wait_reasons import WaitReasons
from buildledger.projections import queue_tables
from buildledger.projections.columns import moment, optional_moment
from buildledger.projections.reading import Reading

Rows = Sequence[sa.Row[Any]]
_ids = msgspec.json.Decoder(list[UUID])

_STATE_COLUMNS = (
    "status",
    "priority",
    "attempts",
    "build_id",
    "collapsed_into",
    "result",
    "finished_at",
    "explanation",
    "explained_by",
    "explained_at",
)


class _SelectRequests:
    """A query for requests with their state, as they were at the reading's position."""

    def __init__(self, reading: Reading, builder: str | None = None) -> None:
        self.request = reading.table(queue_tables.request)
        self.state = reading.table(queue_tables.request_state)
        self.is_waiting = self.state.c.status == sa.literal_column("'waiting'")
        """Written out, so that the index over the queue is found."""
        columns = (self.state.c[name] for name in _STATE_COLUMNS)
        self.statement: sa.Select[Any] = sa.select(self.request, *columns).join_from(
            self.request, self.state, self.state.c.seq == self.request.c.seq
        )
        if builder is not None:
            self.statement = self.statement.where(self.request.c.builder == builder)


def list_requests(
    reading: Reading,
    *,
    limit: int,
    before: int | None = None,
    builder: str | None = None,
    status: str | None = None,
    without_build: bool = False,
) -> Rows:
    """Rows for `as_requests`, newest first, of requests submitted before position `before` that fit every filter.

    `without_build`: only those that were cancelled, or answered by the build of another.
    """
    query = _SelectRequests(reading, builder)
    fixed, state = query.request.c.seq, query.state.c.seq
    seq = fixed if builder is not None else reading.sort_column(fixed, state)
    statement = query.statement.order_by(seq.desc()).limit(limit)
    if status is not None:
        statement = statement.where(query.state.c.status == status)
    if without_build:
        statement = statement.where(query.state.c.explanation.is_not(None), query.state.c.status != "waiting")
    if before is not None:
        statement = statement.where(seq < before)
    return reading.all(statement)


def first_waiting(
    reading: Reading, limit: int, *, builder: str | None = None, after: tuple[int, int] | None = None
) -> Rows:
    """Rows for `as_requests` of requests that wait, the next first, behind the one with this priority and position."""
    query = _SelectRequests(reading, builder)
    priority, seq = query.state.c.priority, query.state.c.seq
    statement = query.statement.where(query.is_waiting).order_by(priority.desc(), seq).limit(limit)
    if after is not None:
        lower, later = priority < after[0], sa.and_(priority == after[0], seq > after[1])
        statement = statement.where(sa.or_(lower, later))
    return reading.all(statement)


def count_waiting(reading: Reading, *, builder: str) -> int:
    """How many requests for a builder wait."""
    query = _SelectRequests(reading, builder)
    return reading.count(query.statement.where(query.is_waiting).with_only_columns(query.request.c.seq))


def waiting_since(reading: Reading) -> tuple[int, datetime | None]:
    """How many requests wait, and when the oldest of them was submitted."""
    query = _SelectRequests(reading)
    numbers = sa.func.count().label("waiting"), sa.func.min(query.request.c.submitted_at).label("oldest")
    row = reading.first(query.statement.where(query.is_waiting).with_only_columns(*numbers))
    assert row is not None
    return row.waiting, optional_moment(row.oldest)


def request_row(reading: Reading, request_id: UUID) -> sa.Row[Any] | None:
    """The row for `as_requests` of one request."""
    query = _SelectRequests(reading)
    return reading.first(query.statement.where(query.request.c.id == request_id))


def as_requests(personal: PersonalDataResolver, rows: Rows, reasons: WaitReasons) -> list[models.Request]:
    """Rows as they are answered."""
    personal.load(actors={actor for row in rows for actor in (row.requested_by, row.explained_by) if actor})
    return [
        models.Request(
            id=row.id,
            builder=row.builder,
            position=row.seq,
            status=row.status,
            waiting=reasons.of(row) if row.status == "waiting" else None,
            priority=row.priority,
            reason=row.reason,
            trigger=row.trigger,
            requested_by=personal.actor(row.requested_by),
            stamps=stamps_of(row.stamps, {}),
            change_ids=_ids.decode(row.changes),
            inputs=msgspec.json.decode(row.inputs),
            attempts=row.attempts,
            build_id=row.build_id,
            collapsed_into=row.collapsed_into,
            rebuild_of=row.rebuild_of,
            parent_build=row.parent_build,
            parent_step=row.parent_step,
            result=row.result,
            submitted_at=moment(row.submitted_at),
            finished_at=optional_moment(row.finished_at),
            explanation=None if row.explanation is None else _explanation(personal, row),
        )
        for row in rows
    ]


def _explanation(personal: PersonalDataResolver, row: sa.Row[Any]) -> models.Explanation:
    code: Literal["cancelled", "collapsed", "returned"]
    if row.status == "waiting":
        code, text = "returned", f"its build was lost: {row.explanation}" if row.explanation else "its build was lost"
    elif row.explanation or row.collapsed_into is None:
        code, text = "cancelled", row.explanation or "no reason was given"
    else:
        code, text = "collapsed", "a newer request for the same is built for both"
    return models.Explanation(code=code, text=text, by=personal.actor(row.explained_by), at=moment(row.explained_at))
