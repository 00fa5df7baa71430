"""What was so at a position: streams folded from the beginning of the ledger up to it, as JSON-able data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec

from buildledger.domain import person
from buildledger.domain.aggregates import AGGREGATES
from buildledger.domain.command import Aggregate
from buildledger.events.codec import decode
from buildledger.ledger.store import FactQuery, FactStore, StoredFact

BATCH_FACTS = 2_000


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one stream at the position that was asked for."""

    stream_id: UUID
    aggregate: str
    version: int
    position: int
    """Of its last fact."""
    state: Any
    """The aggregate's state in JSON types."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """All streams, or one, as of a position."""

    position: int
    """The position asked for, or the head if that is less."""
    streams: tuple[StreamState, ...]
    """In the order of their first facts."""

    def to_json(self) -> bytes:
        """The result as indented JSON."""
        return msgspec.json.format(msgspec.json.encode(self))


def replay(store: FactStore, to: int | None = None, stream_id: UUID | None = None) -> Replayed:
    """Fold all facts up to position `to` (the head, if not given), or those of one stream.

    Holds the states of all streams in memory. A stream that doesn't exist yet is not in the result.

    Raises:
        UnknownFactError
        MalformedFactError
        PersistenceError
        ValueError: For a position below 0.
    """
    if to is not None and to < 0:
        msg = f"positions start at 1; {to} is none"
        raise ValueError(msg)
    head = store.head()
    position = head if to is None else min(to, head)
    states: dict[UUID, StreamState] = {}
    for stored in _facts(store, position, stream_id):
        fact, _ = decode(stored.name, stored.body)
        known = states.get(stored.stream_id)
        aggregate = aggregate_of(stored.name)
        states[stored.stream_id] = StreamState(
            stream_id=stored.stream_id,
            aggregate=aggregate.name,
            version=stored.version,
            position=stored.position,
            state=aggregate.evolve(aggregate.initial if known is None else known.state, fact),
        )
    streams = tuple(msgspec.structs.replace(s, state=msgspec.to_builtins(s.state)) for s in states.values())
    return Replayed(position=position, streams=streams)


def aggregate_of(name: str) -> Aggregate:
    """Whose fact is stored under this name: the noun before the first dot says it."""
    return _BY_NOUN[name.partition(".")[0]]


def _facts(store: FactStore, last: int, stream_id: UUID | None) -> Iterator[StoredFact]:
    after = 0
    while batch := store.select_facts(FactQuery(after=after, last=last, stream_id=stream_id), BATCH_FACTS):
        yield from batch
        after = batch[-1].position


_BY_NOUN = {aggregate.name: aggregate for aggregate in AGGREGATES} | {"person": person.AGGREGATE}
