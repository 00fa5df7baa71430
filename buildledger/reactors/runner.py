"""Runs the reactors: folds facts into their state, asks them for commands, and executes these in the ledger."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from buildledger.clock import Clock
from buildledger.domain.refusals import Refusal
from buildledger.events.fact import Fact, Recorded
from buildledger.ledger.errors import LedgerClosed, LedgerUnavailable, StoreError
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import Checkpoint
from buildledger.ledger.submission import Origin
from buildledger.reactors.reactor import CommandBatch, Fold, Reactor
from buildledger.reactors.state.shared import SharedState, Snapshot
from buildledger.reactors.triggers.triggering import Triggering

CHECKPOINT_NAME = "reactors"
CHECKPOINT_VERSION = 3
"""Raised by hand whenever the checkpoint's fields or their meaning change; the whole history is folded then."""
CHECKPOINT_FACTS = 20_000
"""A checkpoint is written after so many facts, so that a start reads about as many at the most."""
CATCH_UP_FACTS = 2_000
"""Facts that are read at once on the way to the ledger's head."""
PAUSE_SECONDS = 1.0
"""The pause before the next try when the ledger can't be read or written."""
MAX_REFUSALS = 3
"""How often one batch may be refused while no fact comes; more means that state and rules contradict each other."""

_log = logging.getLogger(__name__)


class ContradictionError(RuntimeError):
    """A reactor asks again and again for commands that the rules refuse, though no fact has come."""


class CheckpointState(msgspec.Struct, kw_only=True):
    """The state of all reactors, as a checkpoint holds it."""

    work: Snapshot
    triggering: bytes


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How far the reactors have come, and whether they work."""

    position: int
    """The last position whose fact is folded."""
    lag: int
    """The number of facts after that position."""
    failure: str | None = None
    """Why the reactors have stopped; None while they work."""


class Runner:
    """Follows the ledger with all reactors in one task."""

    def __init__(
        self, ledger: Ledger, clock: Clock, shared: SharedState, triggering: Triggering, reactors: Sequence[Reactor]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._shared = shared
        self._triggering = triggering
        self.reactors = (triggering, *reactors)
        self._folds = _table([shared.folds(), *(reactor.folds() for reactor in self.reactors)])
        self._position = 0
        self._react_from = 0
        """The reactors are not asked before the facts up to here, which come from their last batches, are folded."""
        self._saved = 0
        self._refused: list[tuple[Reactor, CommandBatch]] = []
        self._refusals: Counter[tuple[str, object]] = Counter()
        self._refused_at = 0
        self._wake = asyncio.Event()
        self._failure: str | None = None

    @property
    def health(self) -> Health:
        """How far the reactors have come, and whether they work."""
        lag = self._ledger.head() - self._position
        return Health(position=self._position, lag=lag, failure=self._failure)

    async def run(self) -> None:
        """Work until cancelled, or until the ledger is closed.

        Raises:
            ExceptionGroup: a reactor or the ledger has failed; `health` says why.
        """
        try:
            await self.prepare()
            async with asyncio.TaskGroup() as tasks:
                follower = tasks.create_task(self._follow())
                follower.add_done_callback(lambda _: self._wake.set())
                tasks.create_task(self._react_until(follower))
        except asyncio.CancelledError:
            await self.save()
            raise
        except BaseException as error:
            self._failure = _reason(error)
            _log.exception("the reactors have stopped: %s", self._failure)
            raise
        else:
            await self.save()

    async def prepare(self) -> None:
        """Restore the checkpoint, fold the facts after it, and let every reactor start."""
        checkpoint = await asyncio.to_thread(self._ledger.checkpoint, CHECKPOINT_NAME)
        if checkpoint is not None and checkpoint.version == CHECKPOINT_VERSION:
            state = msgspec.msgpack.decode(checkpoint.state, type=CheckpointState)
            self._shared.restore(state.work)
            self._triggering.restore(state.triggering)
            self._position = self._saved = checkpoint.position
        await self.catch_up()
        for reactor in self.reactors:
            reactor.begin(self._clock.now())
        self._wake.set()

    async def catch_up(self) -> None:
        """Fold all facts up to the ledger's head."""
        while self._ledger.head() > self._position:
            self._fold(await asyncio.to_thread(self._ledger.read, self._position, CATCH_UP_FACTS))

    async def cycle(self) -> bool:
        """Ask every reactor once and execute its commands; False if there were none. All facts have to be folded."""
        self._retry_refused()
        now = self._clock.now()
        batches = [(reactor, batch) for reactor in self.reactors for batch in reactor.react(now)]
        if not batches:
            return False
        await self._execute(batches)
        return True

    async def settle(self) -> None:
        """Fold and ask until nothing is left to do at the clock's present time."""
        await self.catch_up()
        while await self.cycle():
            await self.catch_up()

    def next_at(self) -> datetime | None:
        """The earliest time for which a reactor waits; None if none does."""
        return min((at for reactor in self.reactors if (at := reactor.next_at()) is not None), default=None)

    def checkpoint_state(self) -> CheckpointState:
        """The present state, as a checkpoint holds it."""
        return CheckpointState(work=self._shared.snapshot(), triggering=self._triggering.snapshot())

    async def save(self) -> None:
        """Write a checkpoint. A failure is logged only: it costs time at the next start."""
        checkpoint = Checkpoint(CHECKPOINT_VERSION, self._position, msgspec.msgpack.encode(self.checkpoint_state()))
        self._saved = self._position
        try:
            await asyncio.to_thread(self._ledger.save_checkpoint, CHECKPOINT_NAME, checkpoint)
        except Exception:
            _log.exception("the reactors' checkpoint could not be written")

    async def _follow(self) -> None:
        facts = self._ledger.tail().after(self._position)
        while True:
            try:
                batch = await anext(facts, None)
            except StoreError as error:
                await self._pause(error)
                facts = self._ledger.tail().after(self._position)
                continue
            if batch is None:
                return
            self._fold(batch)
            if self._position >= self._react_from:
                self._wake.set()
            await asyncio.sleep(0)

    async def _react_until(self, follower: asyncio.Task[None]) -> None:
        timer: asyncio.Task[None] | None = None
        try:
            while not follower.done():
                await self._wake.wait()
                self._wake.clear()
                if self._position < self._react_from:
                    continue
                if await self.cycle():
                    self._wake.set()
                if self._position - self._saved >= CHECKPOINT_FACTS:
                    await self.save()
                if timer is not None:
                    timer.cancel()
                timer = self._start_timer()
        finally:
            if timer is not None:
                timer.cancel()

    def _start_timer(self) -> asyncio.Task[None] | None:
        at = self.next_at()
        return None if at is None else asyncio.create_task(self._wake_at(at))

    async def _wake_at(self, at: datetime) -> None:
        await self._clock.sleep_until(at)
        self._wake.set()

    def _fold(self, facts: Iterable[Recorded]) -> None:
        table = self._folds
        for recorded in facts:
            fact = recorded.fact
            for fold in table.get(type(fact), ()):
                fold(recorded, fact)
            self._position = recorded.position

    async def _execute(self, batches: Sequence[tuple[Reactor, CommandBatch]]) -> None:
        answers = await asyncio.gather(
            *(
                self._ledger.execute(
                    *batch.commands,
                    origin=Origin(
                        actor=f"reactor:{reactor.name}",
                        causation_id=batch.causation_id,
                        correlation_id=batch.correlation_id,
                    ),
                )
                for reactor, batch in batches
            ),
            return_exceptions=True,
        )
        away: LedgerUnavailable | None = None
        for (reactor, batch), answer in zip(batches, answers, strict=True):
            if not isinstance(answer, BaseException):
                self._react_from = max(self._react_from, answer.position)
                continue
            if isinstance(answer, LedgerClosed) or not isinstance(answer, Refusal | LedgerUnavailable):
                raise answer
            self._refused.append((reactor, batch))
            if isinstance(answer, Refusal):
                self._count_refusal(reactor, batch, answer)
            else:
                away = answer
        if self._refused:
            self._react_from = max(self._react_from, self._ledger.head())
        if away is not None:
            await self._pause(away)

    async def _pause(self, reason: Exception) -> None:
        _log.warning("the reactors wait: %s", reason)
        await self._clock.sleep_until(self._clock.now() + timedelta(seconds=PAUSE_SECONDS))

    def _count_refusal(self, reactor: Reactor, batch: CommandBatch, refusal: Refusal) -> None:
        _log.info("%s was refused, because something else came first: %s", reactor.name, refusal)
        head = self._ledger.head()
        if head != self._refused_at:
            self._refusals.clear()
            self._refused_at = head
        key = (reactor.name, batch.subject)
        self._refusals[key] += 1
        if self._refusals[key] > MAX_REFUSALS:
            msg = f"{reactor.name} wants {type(batch.commands[0]).__name__} of {batch.subject} again: {refusal}"
            raise ContradictionError(msg) from refusal

    def _retry_refused(self) -> None:
        refused, self._refused = self._refused, []
        for reactor, batch in refused:
            reactor.refused(batch.subject)


def _table(folds: Iterable[Any]) -> dict[type[Fact], tuple[Fold, ...]]:
    table: dict[type[Fact], tuple[Fold, ...]] = {}
    for each in folds:
        for fact, fold in each.items():
            table[fact] = (*table.get(fact, ()), fold)
    return table


def _reason(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_reason(each) for each in error.exceptions)
    return f"{type(error).__name__}: {error}"
