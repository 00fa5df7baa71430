"""Claims about people: ids only, whose words are in the vault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import sqlalchemy as sa

from buildledger.events.fact import Fact, Recorded
from buildledger.events.person import ClaimRecorded
from buildledger.projections.columns import SCHEMA, identity, microseconds, number, sequence, text
from buildledger.projections.projection import ProjectionWriter
from buildledger.projections.row_buffers import AppendBuffer

METADATA = sa.MetaData()

claim = sa.Table(
    "claim",
    METADATA,
    sequence(),
    identity("id", nullable=False, unique=True),
    text("kind"),
    text("namespace"),
    identity("words_id", nullable=False),
    text("words_digest"),
    number("recorded_at"),
    schema=SCHEMA,
)


class People:
    """Which names and addresses were seen, and under which ids their words are kept."""

    NAME: ClassVar[str] = "people"
    VERSION: ClassVar[int] = 2
    METADATA: ClassVar[sa.MetaData] = METADATA
    FACTS: ClassVar[frozenset[type[Fact]]] = frozenset({ClaimRecorded})

    def writer(self) -> ProjectionWriter:
        """A writer of rows that has read nothing into memory yet."""
        return PeopleWriter()


class PeopleWriter:
    """Writes rows from the facts alone; keeps nothing in memory between batches."""

    def __init__(self) -> None:
        self._claims = AppendBuffer(claim)

    def apply(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        """See `ProjectionWriter`."""
        for recorded in batch:
            fact = recorded.fact
            assert isinstance(fact, ClaimRecorded)
            self._claims.add(
                {
                    "seq": recorded.position,
                    "id": recorded.stream_id,
                    "kind": fact.kind,
                    "namespace": fact.namespace,
                    "words_id": fact.words_id,
                    "words_digest": fact.words_digest,
                    "recorded_at": microseconds(recorded.meta.recorded_at),
                }
            )
        self._claims.flush(connection)
