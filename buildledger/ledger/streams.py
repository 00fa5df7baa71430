"""The streams that the writer has in memory, each with the state that its next command is decided against."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from buildledger.domain.command import Aggregate
from buildledger.events.codec import decode


class Stream:
    """A stream as its facts, and those of the batch at hand, have left it."""

    __slots__ = ("aggregate", "failure", "state", "stream_id", "version")

    def __init__(self, aggregate: Aggregate, stream_id: UUID) -> None:
        self.aggregate = aggregate
        self.stream_id = stream_id
        self.state: Any = aggregate.initial
        self.version = 0
        self.failure: Exception | None = None
        """Why its facts can't be read; no command can be decided on it then."""

    def fold(self, stored: Iterable[StoredEvent]) -> None:
        """Take stored facts, in the order of their versions.

        Raises:
            UnknownFactError
            MalformedFactError
        """
        evolve = self.aggregate.evolve
        for event in stored:
            self.state = evolve(self.state, decode(event.topic, event.state)[0])
            self.version = event.originator_version


class StreamCache:
    """The streams that were used last; only the writer's thread touches it.

    Two generations stand in for a list of uses: what was not used since the last turn is dropped at the next one.
    """

    def __init__(self, limit: int) -> None:
        self._half = max(1, limit // 2)
        self._young: dict[UUID, Stream] = {}
        self._old: dict[UUID, Stream] = {}

    def get(self, stream_id: UUID) -> Stream | None:
        """The stream, if it is here."""
        stream = self._young.get(stream_id)
        if stream is None and (stream := self._old.pop(stream_id, None)) is not None:
            self._young[stream_id] = stream
        return stream

    def add(self, stream: Stream) -> None:
        """Keep it until the limit is reached."""
        self._young[stream.stream_id] = stream

    def turn(self) -> None:
        """Drop what is too much. Never within a batch: a stream must not be there twice."""
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}

    def forget(self, stream_ids: Collection[UUID] | None) -> None:
        """Drop these streams; None: all."""
        if stream_ids is None:
            self._young.clear()
            self._old.clear()
            return
        for stream_id in stream_ids:
            self._young.pop(stream_id, None)
            self._old.pop(stream_id, None)
