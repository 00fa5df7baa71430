"""Revisions of the configuration; their text stays in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import sqlalchemy as sa

from buildledger.events.config import ConfigApplied, ConfigEffectFailed
from buildledger.events.fact import Fact, Recorded
from buildledger.projections.columns import SCHEMA, encode, microseconds, number, sequence, text
from buildledger.projections.projection import ProjectionWriter
from buildledger.projections.row_buffers import AppendBuffer

METADATA = sa.MetaData()

revision = sa.Table(
    "revision",
    METADATA,
    sequence(),
    number("revision", unique=True),
    text("digest"),
    text("origin"),
    text("plan"),
    text("message"),
    number("restores"),
    text("applied_by"),
    number("applied_at"),
    schema=SCHEMA,
)
"""`seq` is the position of the fact that has the text."""
sa.Index("revision_digest", revision.c.digest)

effect_failure = sa.Table(
    "effect_failure",
    METADATA,
    sequence(),
    number("revision"),
    text("component"),
    text("detail"),
    number("failed_at"),
    schema=SCHEMA,
)
sa.Index("effect_failure_revision", effect_failure.c.revision)


class Revisions:
    """Which configuration was in force when."""

    NAME: ClassVar[str] = "revisions"
    VERSION: ClassVar[int] = 2
    METADATA: ClassVar[sa.MetaData] = METADATA
    FACTS: ClassVar[frozenset[type[Fact]]] = frozenset({ConfigApplied, ConfigEffectFailed})

    def writer(self) -> ProjectionWriter:
        """A writer of rows that has read nothing into memory yet."""
        return RevisionsWriter()


class RevisionsWriter:
    """Writes rows from the facts alone; keeps nothing in memory between batches."""

    def __init__(self) -> None:
        self._revisions = AppendBuffer(revision)
        self._failures = AppendBuffer(effect_failure)

    def apply(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        """See `ProjectionWriter`."""
        for recorded in batch:
            fact, at = recorded.fact, microseconds(recorded.meta.recorded_at)
            if isinstance(fact, ConfigApplied):
                self._revisions.add(
                    {
                        "seq": recorded.position,
                        "revision": fact.revision,
                        "digest": fact.digest,
                        "origin": fact.origin,
                        "plan": encode(fact.plan),
                        "message": fact.message,
                        "restores": fact.restores,
                        "applied_by": recorded.meta.actor,
                        "applied_at": at,
                    }
                )
            elif isinstance(fact, ConfigEffectFailed):
                failure = {"revision": fact.revision, "component": fact.component, "detail": fact.detail}
                self._failures.add({"seq": recorded.position, "failed_at": at, **failure})
        self._revisions.flush(connection)
        self._failures.flush(connection)
