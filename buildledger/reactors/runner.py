"""Runs the reactors: folds what the ledger brings, asks them what is left to do, and has it done, batch by batch."""

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
from buildledger.reactors.reactor import Fold, Reactor, Wish
from buildledger.reactors.state.shared import Snapshot, Work
from buildledger.reactors.triggers.triggering import Triggering

CHECKPOINT_NAME = "reactors"
CHECKPOINT_VERSION = 2
"""Raised whenever what is remembered changes its shape or its meaning: then the history is folded once more."""
CHECKPOINT_FACTS = 20_000
"""A start reads at most about so many facts."""
CATCH_UP_FACTS = 2_000
"""How many are read at once on the way to the head."""
PAUSE_SECONDS = 1.0
"""Before the next try when the ledger can't be written to, or not be read."""
MAX_REFUSALS = 3
"""Of one wish while nothing else happens: more means that memory and rules contradict each other."""

_log = logging.getLogger(__name__)


class ContradictionError(RuntimeError):
    """A reactor wishes for what the rules refuse, again and again, though nothing changes."""


class Memory(msgspec.Struct, kw_only=True):
    """What a checkpoint holds."""

    work: Snapshot
    triggering: bytes


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the reactors are."""

    position: int
    """All facts up to here are folded."""
    lag: int
    """How many facts there are beyond."""
    failure: str | None = None
    """Why they stopped; None while they work."""


class Runner:
    """One task for all reactors."""

    def __init__(
        self, ledger: Ledger, clock: Clock, work: Work, triggering: Triggering, reactors: Sequence[Reactor]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._work = work
        self._triggering = triggering
        self._reactors = (triggering, *reactors)
        self._folds = _table([work.folds(), *(reactor.folds() for reactor in self._reactors)])
        self._position = 0
        self._awaited = 0
        """Nothing is asked before the facts up to here are folded: they come from the wishes before."""
        self._saved = 0
        self._refused: list[tuple[Reactor, Wish]] = []
        self._refusals: Counter[tuple[str, object]] = Counter()
        self._refused_at = 0
        self._bell = asyncio.Event()
        self._failure: str | None = None

    @property
    def health(self) -> Health:
        """How the reactors are."""
        lag = self._ledger.head() - self._position
        return Health(position=self._position, lag=lag, failure=self._failure)

    async def run(self) -> None:
        """Work until cancelled or the ledger closes; stops loudly when a reactor fails."""
        try:
            await self.prepare()
            async with asyncio.TaskGroup() as tasks:
                follower = tasks.create_task(self._follow())
                follower.add_done_callback(lambda _: self._bell.set())
                tasks.create_task(self._work_until(follower))
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
        """Remember what the checkpoint holds, fold what came after it, and look at all open work."""
        checkpoint = await asyncio.to_thread(self._ledger.checkpoint, CHECKPOINT_NAME)
        if checkpoint is not None and checkpoint.version == CHECKPOINT_VERSION:
            memory = msgspec.msgpack.decode(checkpoint.state, type=Memory)
            self._work.restore(memory.work)
            self._triggering.restore(memory.triggering)
            self._position = self._saved = checkpoint.position
        await self.catch_up()
        for reactor in self._reactors:
            reactor.begin(self._clock.now())
        self._bell.set()

    async def catch_up(self) -> None:
        """Fold everything up to the head."""
        while self._ledger.head() > self._position:
            self._fold(await asyncio.to_thread(self._ledger.read, self._position, CATCH_UP_FACTS))

    async def cycle(self) -> bool:
        """Ask once and have it done; False when nothing was left to do. Everything known has to be folded."""
        self._look_again()
        now = self._clock.now()
        wishes = [(reactor, wish) for reactor in self._reactors for wish in reactor.react(now)]
        if not wishes:
            return False
        await self._fulfil(wishes)
        return True

    async def settle(self) -> None:
        """Fold and ask until nothing is left to do at this time of the clock."""
        await self.catch_up()
        while await self.cycle():
            await self.catch_up()

    def next_at(self) -> datetime | None:
        """When something is due though nothing happens."""
        return min((at for reactor in self._reactors if (at := reactor.next_at()) is not None), default=None)

    def memory(self) -> Memory:
        """All that is remembered, as a checkpoint holds it."""
        return Memory(work=self._work.snapshot(), triggering=self._triggering.snapshot())

    async def save(self) -> None:
        """Write the checkpoint; that it can't be written costs only time at the next start."""
        checkpoint = Checkpoint(CHECKPOINT_VERSION, self._position, msgspec.msgpack.encode(self.memory()))
        self._saved = self._position
        try:
            await asyncio.to_thread(self._ledger.save_checkpoint, CHECKPOINT_NAME, checkpoint)
        except Exception:
            _log.exception("the reactors' checkpoint could not be written")

    async def _follow(self) -> None:
        batches = self._ledger.tail().after(self._position)
        while True:
            try:
                batch = await anext(batches, None)
            except StoreError as error:
                await self._pause(error)
                batches = self._ledger.tail().after(self._position)
                continue
            if batch is None:
                return
            self._fold(batch)
            if self._position >= self._awaited:
                self._bell.set()
            await asyncio.sleep(0)

    async def _work_until(self, follower: asyncio.Task[None]) -> None:
        alarm: asyncio.Task[None] | None = None
        try:
            while not follower.done():
                await self._bell.wait()
                self._bell.clear()
                if self._position < self._awaited:
                    continue
                if await self.cycle():
                    self._bell.set()
                if self._position - self._saved >= CHECKPOINT_FACTS:
                    await self.save()
                if alarm is not None:
                    alarm.cancel()
                alarm = self._set_alarm()
        finally:
            if alarm is not None:
                alarm.cancel()

    def _set_alarm(self) -> asyncio.Task[None] | None:
        at = self.next_at()
        return None if at is None else asyncio.create_task(self._ring_at(at))

    async def _ring_at(self, at: datetime) -> None:
        await self._clock.sleep_until(at)
        self._bell.set()

    def _fold(self, facts: Iterable[Recorded]) -> None:
        table = self._folds
        for recorded in facts:
            fact = recorded.fact
            for fold in table.get(type(fact), ()):
                fold(recorded, fact)
            self._position = recorded.position

    async def _fulfil(self, wishes: Sequence[tuple[Reactor, Wish]]) -> None:
        answers = await asyncio.gather(
            *(
                self._ledger.execute(
                    *wish.commands,
                    origin=Origin(
                        actor=f"reactor:{reactor.name}",
                        causation_id=wish.causation_id,
                        correlation_id=wish.correlation_id,
                    ),
                )
                for reactor, wish in wishes
            ),
            return_exceptions=True,
        )
        away: LedgerUnavailable | None = None
        for (reactor, wish), answer in zip(wishes, answers, strict=True):
            if not isinstance(answer, BaseException):
                self._awaited = max(self._awaited, answer.position)
                continue
            if isinstance(answer, LedgerClosed) or not isinstance(answer, Refusal | LedgerUnavailable):
                raise answer
            self._refused.append((reactor, wish))
            if isinstance(answer, Refusal):
                self._count_refusal(reactor, wish, answer)
            else:
                away = answer
        if self._refused:
            self._awaited = max(self._awaited, self._ledger.head())
        if away is not None:
            await self._pause(away)

    async def _pause(self, reason: Exception) -> None:
        _log.warning("the reactors wait: %s", reason)
        await self._clock.sleep_until(self._clock.now() + timedelta(seconds=PAUSE_SECONDS))

    def _count_refusal(self, reactor: Reactor, wish: Wish, refusal: Refusal) -> None:
        _log.info("%s was refused, because something else came first: %s", reactor.name, refusal)
        head = self._ledger.head()
        if head != self._refused_at:
            self._refusals.clear()
            self._refused_at = head
        key = (reactor.name, wish.subject)
        self._refusals[key] += 1
        if self._refusals[key] > MAX_REFUSALS:
            msg = f"{reactor.name} wishes for {type(wish.commands[0]).__name__} of {wish.subject} again: {refusal}"
            raise ContradictionError(msg) from refusal

    def _look_again(self) -> None:
        refused, self._refused = self._refused, []
        for reactor, wish in refused:
            reactor.refused(wish.subject)


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
