"""Readers of the ledger: which facts each of them has set aside."""

from __future__ import annotations

from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.events.fact import Fact
from buildledger.events.ids import reader_id
from buildledger.events.projection import ProjectionSkipped


class ReaderRecord(msgspec.Struct, frozen=True):
    """What one reader has set aside."""

    skipped: frozenset[tuple[int, int]] = frozenset()
    """Version of the reader, and position of the fact."""


class SkipFact(Command, frozen=True, kw_only=True):
    """Say that a reader goes on without a fact; again decides nothing."""

    reader: str
    reader_version: int
    position: int
    fact: str
    reason: str

    @property
    def stream_id(self) -> UUID:
        """The reader's stream."""
        return reader_id(self.reader)


def decide(state: ReaderRecord, command: SkipFact) -> tuple[Fact, ...]:
    """Once for each version of the reader and each fact."""
    if (command.reader_version, command.position) in state.skipped:
        return ()
    skipped = ProjectionSkipped(
        reader=command.reader,
        reader_version=command.reader_version,
        position=command.position,
        fact=command.fact,
        reason=command.reason,
    )
    return (skipped,)


def evolve(state: ReaderRecord, fact: Fact) -> ReaderRecord:
    """Remember what was set aside."""
    if isinstance(fact, ProjectionSkipped):
        return ReaderRecord(state.skipped | {(fact.reader_version, fact.position)})
    return state


AGGREGATE = Aggregate(name="projection", commands=(SkipFact,), initial=ReaderRecord(), decide=decide, evolve=evolve)
