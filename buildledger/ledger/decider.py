"""From commands to facts: decides a batch in memory; nothing of it counts until it is durable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from buildledger.domain.aggregates import BY_COMMAND
from buildledger.domain.command import Command
from buildledger.domain.refusals import LimitRefusal
from buildledger.events.codec import MalformedFactError, UnknownFactError, encode
from buildledger.events.fact import Fact, Metadata
from buildledger.events.fact_check import check
from buildledger.events.limits import LimitError
from buildledger.ledger.errors import CommandIdReusedRefusal, LedgerUnavailable
from buildledger.ledger.store import CommandRecord, FactStore, KnownCommand, stream_of
from buildledger.ledger.streams import Stream, StreamCache
from buildledger.ledger.submission import Receipt, Submission


class Decision:
    """What was decided on one submission: its facts, or its error, or that it was decided before."""

    __slots__ = ("duplicate_of", "ends_at", "error", "facts", "meta", "receipt", "submission")

    def __init__(self, submission: Submission, recorded_at: datetime) -> None:
        self.submission = submission
        origin = submission.origin
        self.meta = Metadata(
            recorded_at=recorded_at,
            actor=origin.actor,
            command_id=submission.command_id,
            causation_id=origin.causation_id,
            correlation_id=origin.correlation_id,
        )
        self.facts: list[Fact] = []
        self.ends_at = 0
        """How many facts of the batch stand up to and including its last one."""
        self.error: Exception | None = None
        self.receipt: Receipt | None = None
        """Known without deciding: the answer of an earlier commit."""
        self.duplicate_of: Decision | None = None
        """The submission of the same batch that came with the same command id before."""


class Batch:
    """The decisions of a batch and what has to be stored for them."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.stored: list[StoredEvent] = []
        """The facts of all decisions, one after the other."""
        self.records: list[CommandRecord] = []
        self.relied_on: set[UUID] = set()
        """Streams that a decision with facts on others rests on, whether or not the batch has facts of theirs."""


class Decider:
    """Decides batches against the streams in its cache. Used by one thread.

    A decision moves the cached streams at once. Whoever can't store the batch must let the cache forget its streams.
    """

    def __init__(self, store: FactStore, cache: StreamCache) -> None:
        self._store = store
        self.cache = cache

    def decide(self, submissions: Sequence[Submission], recorded_at: datetime) -> Batch:
        """Decide one after the other, each seeing the effects of those before it that were accepted.

        Reads what isn't cached: at most one query for facts and one for command ids.

        Raises:
            PersistenceError: When the database is away.
        """
        batch = Batch()
        streams = self._find_streams(submissions)
        known = self._store.known_commands({s.command_id for s in submissions if s.digest})
        first: dict[UUID, Decision] = {}
        for submission, its_streams in zip(submissions, streams, strict=True):
            decision = Decision(submission, recorded_at)
            batch.decisions.append(decision)
            if submission.digest:
                if (seen := known.get(submission.command_id)) is not None:
                    _recall(decision, seen)
                    continue
                if (duplicate_of := first.setdefault(submission.command_id, decision)) is not decision:
                    if duplicate_of.error is None:
                        _answer_like(decision, duplicate_of)
                        continue
                    first[submission.command_id] = decision
            _decide_one(decision, its_streams, batch)
        return batch

    def _find_streams(self, submissions: Sequence[Submission]) -> list[list[Stream | None]]:
        """Each command's stream, from the cache or folded from its facts; None for a command that nobody handles."""
        cold: dict[UUID, Stream] = {}
        streams = [
            [self._find(command, stream_id, cold) for command, stream_id in zip(s.commands, s.streams, strict=True)]
            for s in submissions
        ]
        if cold:
            stored: dict[UUID, list[StoredEvent]] = {}
            for event in self._store.select_streams(cold):
                stored.setdefault(stream_of(event), []).append(event)
            for stream_id, events in stored.items():
                try:
                    cold[stream_id].fold(events)
                except (UnknownFactError, MalformedFactError) as error:
                    cold[stream_id].failure = LedgerUnavailable(f"stream {stream_id} can't be read: {error}")
        return streams

    def _find(self, command: Command, stream_id: UUID, cold: dict[UUID, Stream]) -> Stream | None:
        stream = self.cache.get(stream_id)
        if stream is None and (aggregate := BY_COMMAND.get(type(command))) is not None:
            stream = cold[stream_id] = Stream(aggregate, stream_id)
            self.cache.add(stream)
        return stream


def _decide_one(decision: Decision, streams: list[Stream | None], batch: Batch) -> None:
    submission, meta, facts = decision.submission, decision.meta, decision.facts
    stored: list[StoredEvent] = []
    before: list[tuple[Stream, Any, int]] = []
    try:
        for command, found in zip(submission.commands, streams, strict=True):
            stream = _fit(command, found)
            state, version = stream.state, stream.version
            before.append((stream, state, version))
            evolve = stream.aggregate.evolve
            for fact in stream.aggregate.decide(state, command):
                version += 1
                state = evolve(state, fact)
                check(fact)
                facts.append(fact)
                stored.append(StoredEvent(stream.stream_id, version, fact.NAME, encode(fact, meta)))
            stream.state, stream.version = state, version
    except Exception as error:
        # a rule that says no, or fails, does so to its caller only
        decision.error = LimitRefusal(str(error)) if isinstance(error, LimitError) else error
        facts.clear()
        for stream, state, version in reversed(before):
            stream.state, stream.version = state, version
        return
    if stored and len(before) > 1:
        batch.relied_on.update(stream.stream_id for stream, _, version in before if stream.version == version)
    batch.stored += stored
    decision.ends_at = len(batch.stored)
    if submission.digest:
        batch.records.append(CommandRecord(submission.command_id, submission.digest, decision.ends_at, len(facts)))


def _fit(command: Command, stream: Stream | None) -> Stream:
    """The stream, if the command can be decided on it."""
    if stream is None:
        msg = f"no aggregate takes the command {type(command).__name__}"
        raise TypeError(msg)
    if stream.failure is not None:
        raise stream.failure
    if BY_COMMAND.get(type(command)) is not stream.aggregate:
        msg = f"{type(command).__name__} came to stream {stream.stream_id}, which is a {stream.aggregate.name}"
        raise TypeError(msg)
    return stream


def _recall(decision: Decision, seen: KnownCommand) -> None:
    if seen.digest != decision.submission.digest:
        decision.error = CommandIdReusedRefusal(decision.submission.command_id)
    else:
        positions = range(seen.position - seen.fact_count + 1, seen.position + 1)
        decision.receipt = Receipt(seen.position, positions, duplicate=True)


def _answer_like(decision: Decision, duplicate_of: Decision) -> None:
    if duplicate_of.submission.digest != decision.submission.digest:
        decision.error = CommandIdReusedRefusal(decision.submission.command_id)
    else:
        decision.duplicate_of = duplicate_of
