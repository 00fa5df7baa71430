"""Requests: what was asked for, and where it stands."""

from __future__ import annotations

import sqlalchemy as sa

from buildledger.projections.columns import SCHEMA, identity, number, sequence, text, versioned

METADATA = sa.MetaData()

request = sa.Table(
    "request",
    METADATA,
    sequence(),
    identity("id", nullable=False, unique=True),
    text("builder"),
    text("reason"),
    text("trigger", nullable=True),
    text("requested_by"),
    text("stamps"),
    text("changes"),
    text("inputs"),
    text("config_digest"),
    text("pipeline", nullable=True),
    identity("parent_build", nullable=True),
    number("parent_step", nullable=True),
    identity("rebuild_of", nullable=True),
    number("submitted_at"),
    schema=SCHEMA,
)
"""What is fixed when a request is submitted; `seq` is that position."""
_of_a_build = request.c.parent_build.is_not(None)
sa.Index("request_parent", request.c.parent_build, sqlite_where=_of_a_build, postgresql_where=_of_a_build)
sa.Index("request_builder", request.c.builder, request.c.seq)

request_state = versioned(
    METADATA,
    "request_state",
    ("seq",),
    number("seq"),
    text("status"),
    number("priority"),
    number("attempts"),
    identity("build_id", nullable=True),
    identity("collapsed_into", nullable=True),
    text("result", nullable=True),
    number("finished_at", nullable=True),
    text("explanation", nullable=True),
    text("explained_by", nullable=True),
    number("explained_at", nullable=True),
)
"""`explanation`: why it was cancelled, collapsed (then it is empty) or returned to the queue; null: it wasn't."""
_waiting = sa.and_(request_state.c.until.is_(None), request_state.c.status == "waiting")
sa.Index(
    "request_state_waiting",
    request_state.c.priority.desc(),
    request_state.c.seq,
    sqlite_where=_waiting,
    postgresql_where=_waiting,
)
_explained = sa.and_(request_state.c.until.is_(None), request_state.c.explanation.is_not(None))
sa.Index(
    "request_state_explained",
    request_state.c.seq,
    sqlite_where=_explained,
    postgresql_where=_explained,
)
