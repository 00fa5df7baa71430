"""From commands to facts: decides a batch against a working copy of the state, which counts only once it is durable."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from buildledger.domain.aggregates import BY_COMMAND
from buildledger.domain.command import Aggregate
from buildledger.events.codec import MalformedFactError, UnknownFactError, decode, encode
from buildledger.events.fact import Fact, Metadata
from buildledger.ledger.errors import CommandIdReusedRefusal, LedgerUnavailable
from buildledger.ledger.store import CommandRecord, FactStore, KnownCommand, stream_of
from buildledger.ledger.submission import Receipt, Submission


class Held(NamedTuple):
    """A stream's state and the version it is at."""

    state: Any
    version: int
    aggregate: str


class Decided(NamedTuple):
    """A fact that has no position yet."""

    stream_id: UUID
    version: int
    fact: Fact
    meta: Metadata


class Verdict:
    """What one submission came to."""

    __slots__ = ("ends_at", "error", "facts", "receipt", "submission", "twin")

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.facts: list[Decided] = []
        self.ends_at = 0
        """How many facts of the batch stand up to and including its last one."""
        self.error: Exception | None = None
        self.receipt: Receipt | None = None
        """Known without deciding: the answer of an earlier commit."""
        self.twin: Verdict | None = None
        """The submission of the same batch that came with the same command id before."""


class Batch:
    """The verdicts of a batch and what has to be stored for them."""

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []
        self.stored: list[StoredEvent] = []
        self.records: list[CommandRecord] = []
        self.work: dict[UUID, Held] = {}
        """The states after what was accepted."""
        self.base: dict[UUID, Held] = {}
        """The states before the batch."""
        self.unreadable: dict[UUID, LedgerUnavailable] = {}
        """Streams whose facts this version can't read; commands to them fail, others don't."""


class StreamCache:
    """The states of the streams that were used last; only the writer's thread touches it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: OrderedDict[UUID, Held] = OrderedDict()

    def get(self, stream_id: UUID) -> Held | None:
        """The state, if it is here."""
        held = self._held.get(stream_id)
        if held is not None:
            self._held.move_to_end(stream_id)
        return held

    def update(self, states: dict[UUID, Held]) -> None:
        """Take what is durable."""
        self._held.update(states)
        while len(self._held) > self._limit:
            self._held.popitem(last=False)

    def forget(self, stream_ids: Collection[UUID] | None) -> None:
        """Drop these streams; None: all."""
        if stream_ids is None:
            self._held.clear()
        else:
            for stream_id in stream_ids:
                self._held.pop(stream_id, None)


class Decider:
    """Decides batches; keeps the cache of states. Used by one thread."""

    def __init__(self, store: FactStore, cache: StreamCache) -> None:
        self._store = store
        self.cache = cache

    def decide(self, submissions: Sequence[Submission], recorded_at: datetime) -> Batch:
        """Decide one after the other, each seeing the effects of those before it that were accepted.

        Reads what isn't cached, at most one query for states and one for command ids.
        Raises: PersistenceError when the database is away.
        """
        batch = Batch()
        self._load(batch, submissions)
        known = self._store.known_commands({s.command_id for s in submissions if s.digest})
        first: dict[UUID, Verdict] = {}
        for submission in submissions:
            verdict = Verdict(submission)
            batch.verdicts.append(verdict)
            if submission.digest:
                if (seen := known.get(submission.command_id)) is not None:
                    _recall(verdict, seen)
                    continue
                if (twin := first.setdefault(submission.command_id, verdict)) is not verdict:
                    if twin.error is None:
                        _pair(verdict, twin)
                        continue
                    first[submission.command_id] = verdict
            _decide_one(verdict, batch, recorded_at)
        return batch

    def _load(self, batch: Batch, submissions: Sequence[Submission]) -> None:
        """Take the states that the submissions start from: cached, or read in one query."""
        cold: dict[UUID, Aggregate] = {}
        for submission in submissions:
            for command, stream_id in zip(submission.commands, submission.streams, strict=True):
                if stream_id in batch.base or stream_id in cold:
                    continue
                held = self.cache.get(stream_id)
                if held is not None:
                    batch.base[stream_id] = held
                elif (aggregate := BY_COMMAND.get(type(command))) is not None:
                    cold[stream_id] = aggregate
        if not cold:
            return
        stored: dict[UUID, list[StoredEvent]] = {stream_id: [] for stream_id in cold}
        for event in self._store.select_streams(cold):
            stored[stream_of(event)].append(event)
        for stream_id, aggregate in cold.items():
            try:
                batch.base[stream_id] = fold(aggregate, stored[stream_id])
            except (UnknownFactError, MalformedFactError) as error:
                batch.unreadable[stream_id] = LedgerUnavailable(f"stream {stream_id} can't be read: {error}")


def _decide_one(verdict: Verdict, batch: Batch, recorded_at: datetime) -> None:
    submission = verdict.submission
    origin = submission.origin
    meta = Metadata(
        recorded_at=recorded_at,
        actor=origin.actor,
        command_id=submission.command_id,
        causation_id=origin.causation_id,
        correlation_id=origin.correlation_id,
    )
    mine: dict[UUID, Held] = {}
    try:
        for command, stream_id in zip(submission.commands, submission.streams, strict=True):
            aggregate = BY_COMMAND[type(command)]
            if stream_id in batch.unreadable:
                raise batch.unreadable[stream_id]
            held = mine.get(stream_id) or batch.work.get(stream_id) or batch.base.get(stream_id)
            state, version = _state(aggregate, stream_id, held)
            for fact in aggregate.decide(state, command):
                version += 1
                state = aggregate.evolve(state, fact)
                verdict.facts.append(Decided(stream_id, version, fact, meta))
            mine[stream_id] = Held(state, version, aggregate.name)
        encoded = [
            StoredEvent(decided.stream_id, decided.version, decided.fact.NAME, encode(decided.fact, meta))
            for decided in verdict.facts
        ]
    except Exception as error:
        # a rule that fails must fail its caller, not the writer of all others
        verdict.error = error
        verdict.facts.clear()
        return
    batch.work.update(mine)
    batch.stored.extend(encoded)
    verdict.ends_at = len(batch.stored)
    if submission.digest:
        batch.records.append(
            CommandRecord(submission.command_id, submission.digest, verdict.ends_at, len(verdict.facts))
        )


def fold(aggregate: Aggregate, stored: Iterable[StoredEvent]) -> Held:
    """A stream's state from all its facts; its initial state at version 0 if it has none.

    Raises: UnknownFactError, MalformedFactError.
    """
    state, version = aggregate.initial, 0
    for event in stored:
        fact, _ = decode(event.topic, event.state)
        state, version = aggregate.evolve(state, fact), event.originator_version
    return Held(state, version, aggregate.name)


def _state(aggregate: Aggregate, stream_id: UUID, held: Held | None) -> tuple[Any, int]:
    if held is None:
        return aggregate.initial, 0
    if held.aggregate != aggregate.name:
        msg = f"stream {stream_id} is a {held.aggregate}; a command for a {aggregate.name} came to it"
        raise TypeError(msg)
    return held.state, held.version


def _recall(verdict: Verdict, seen: KnownCommand) -> None:
    if seen.digest != verdict.submission.digest:
        verdict.error = CommandIdReusedRefusal(verdict.submission.command_id)
    else:
        positions = range(seen.position - seen.fact_count + 1, seen.position + 1)
        verdict.receipt = Receipt(seen.position, positions, duplicate=True)


def _pair(verdict: Verdict, twin: Verdict) -> None:
    if twin.submission.digest != verdict.submission.digest:
        verdict.error = CommandIdReusedRefusal(verdict.submission.command_id)
    else:
        verdict.twin = twin
