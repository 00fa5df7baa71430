"""Rows of the queue view → requests, and why those wait that do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.api.models import requests as models
from buildledger.api.queries.builds import stamps_of
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.api.queries.wait_reasons import WaitReasons
from buildledger.projections.columns import moment
from buildledger.projections.queue_tables import request, request_state
from buildledger.projections.reading import Reading

WAITING = request_state.c.status == sa.literal_column("'waiting'")
"""Written out, so that the index over the queue is found."""
Rows = Sequence[sa.Row[Any]]
_ids = msgspec.json.Decoder(list[UUID])

_COLUMNS = (
    request,
    request_state.c.status,
    request_state.c.priority,
    request_state.c.attempts,
    request_state.c.build_id,
    request_state.c.collapsed_into,
    request_state.c.result,
    request_state.c.finished_at,
)


def listed(reading: Reading) -> sa.Select[Any]:
    """Requests with their state at the reading's position."""
    return (
        sa.select(*_COLUMNS)
        .join_from(request, request_state, request_state.c.seq == request.c.seq)
        .where(reading.is_current(request_state), reading.existed(request.c.seq))
    )


def in_line(query: sa.Select[Any]) -> sa.Select[Any]:
    """Those that wait, the next first."""
    return query.where(WAITING).order_by(request_state.c.priority.desc(), request_state.c.seq)


def as_requests(
    personal: PersonalDataResolver, rows: Sequence[sa.Row[Any]], reasons: WaitReasons
) -> list[models.Request]:
    """Rows of `listed` as they are answered."""
    personal.load(actors={row.requested_by for row in rows})
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
            result=row.result,
            submitted_at=moment(row.submitted_at),
            finished_at=None if row.finished_at is None else moment(row.finished_at),
        )
        for row in rows
    ]
