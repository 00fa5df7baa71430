"""Runs the reactors: folds facts into their state, asks them for commands, and executes these in the ledger."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from buildledger.clock import Clock
from buildledger.domain.refusals import Refusal
from buildledger.ledger.errors import LedgerClosed, LedgerUnavailable
from buildledger.ledger.fold_follower import FoldFollower
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.reactors.contradictions import Contradictions
from buildledger.reactors.reactor import CommandBatch, Reactor
from buildledger.reactors.reactor_fold import CheckpointState, ReactorFold
from buildledger.reactors.state.shared import SharedState
from buildledger.reactors.triggers.triggering import Triggering

CLOCK_STEP_SECONDS = 5.0
"""A clock that has gone so much more or less than time has passed was set, or the machine slept."""

_log = logging.getLogger(__name__)


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How far the reactors have come, and whether they work."""

    position: int
    """The last position whose fact is folded."""
    lag: int
    """The number of facts after that position."""
    failure: str | None = None
    """Why the reactors have stopped; None while they work."""
    triggers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Why a trigger requests nothing any more, by its name."""
    held_back: tuple[str, ...] = ()
    """What the rules refuse again and again, a line each, for people."""


class Runner:
    """Follows the ledger with all reactors in one task."""

    def __init__(
        self, ledger: Ledger, clock: Clock, shared: SharedState, triggering: Triggering, reactors: Sequence[Reactor]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self.reactors = (triggering, *reactors)
        self._shared = shared
        self._triggering = triggering
        self._fold = ReactorFold(shared, triggering, reactors, self._facts_folded)
        self._follower = FoldFollower(ledger, self._fold, fails_fast=True, sleep=self._sleep)
        self._react_from = 0
        """The reactors are not asked before the facts up to here, which come from their last batches, are folded."""
        self._refused: list[tuple[Reactor, CommandBatch, Refusal | LedgerUnavailable]] = []
        self._idle: list[tuple[Reactor, CommandBatch]] = []
        """Batches that decided nothing."""
        self._contradictions = Contradictions()
        self._ahead = 0.0
        """The time of day in seconds less the monotonic time, when the reactors last began."""
        self._wake = asyncio.Event()
        self._failure: str | None = None

    @property
    def health(self) -> Health:
        """How far the reactors have come, and whether they work."""
        lag = self._ledger.head() - self._follower.position
        return Health(
            position=self._follower.position,
            lag=lag,
            failure=self._failure,
            triggers=dict(self._triggering.failures),
            held_back=tuple(self._contradictions.said),
        )

    async def run(self) -> None:
        """Work until cancelled, or until the ledger is closed.

        Raises:
            ExceptionGroup: a reactor or the ledger has failed; `health` says why.
        """
        try:
            await self.prepare()
            async with asyncio.TaskGroup() as tasks:
                follower = tasks.create_task(self._follower.follow(saves=False))
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
        await self._follower.restore()
        await self.catch_up()
        self._begin()
        self._wake.set()

    async def catch_up(self) -> None:
        """Fold all facts up to the ledger's head."""
        await self._follower.catch_up()

    async def cycle(self) -> bool:
        """Ask every reactor once and execute its commands; False if there were none. All facts have to be folded."""
        self._look_again()
        if self._clock_was_set():
            _log.warning("the clock was set: what is due is computed from the present time")
            self._begin()
        now = self._clock.now()
        for held in self._contradictions.due(now):
            held.reactor.refused(held.subject, held.refusal)
        batches = [
            (reactor, batch)
            for reactor in self.reactors
            for batch in reactor.react(now)
            if not self._contradictions.holds(reactor, batch)
        ]
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
        times = (self._contradictions.next_at(), *(reactor.next_at() for reactor in self.reactors))
        return min((at for at in times if at is not None), default=None)

    def checkpoint_state(self) -> CheckpointState:
        """The present state, as a checkpoint holds it."""
        return self._fold.checkpoint_state()

    async def save(self) -> None:
        """Write a checkpoint. A failure is logged only: it costs time at the next start."""
        await self._follower.save()

    def _facts_folded(self) -> None:
        if self._follower.position >= self._react_from:
            self._wake.set()

    async def _react_until(self, follower: asyncio.Task[None]) -> None:
        timer: asyncio.Task[None] | None = None
        try:
            while not follower.done():
                await self._wake.wait()
                self._wake.clear()
                if self._follower.position < self._react_from:
                    continue
                if await self.cycle():
                    self._wake.set()
                await self._follower.save_if_due()
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
                self._contradictions.executed(reactor, batch)
                if not answer.positions:
                    self._idle.append((reactor, batch))
                continue
            if isinstance(answer, LedgerClosed) or not isinstance(answer, Refusal | LedgerUnavailable):
                raise answer
            if isinstance(answer, LedgerUnavailable):
                away = answer
            elif self._contradictions.refused(reactor, batch, answer, self._ledger.head(), self._clock.now()):
                continue
            self._refused.append((reactor, batch, answer))
        if self._refused:
            self._react_from = max(self._react_from, self._ledger.head())
        if away is not None:
            await self._follower.pause(away)

    async def _sleep(self, seconds: float) -> None:
        await self._clock.sleep_until(self._clock.now() + timedelta(seconds=seconds))

    def _look_again(self) -> None:
        """Tell the reactors what became of their last batches, where no fact does."""
        refused, self._refused = self._refused, []
        for reactor, batch, why in refused:
            reactor.refused(batch.subject, why)
        idle, self._idle = self._idle, []
        for reactor, batch in idle:
            reactor.decided_nothing(batch.subject)

    def _begin(self) -> None:
        now = self._clock.now()
        self._ahead = self._clock_offset()
        self._shared.clock_set(now)
        for reactor in self.reactors:
            reactor.begin(now)

    def _clock_was_set(self) -> bool:
        return abs(self._clock_offset() - self._ahead) > CLOCK_STEP_SECONDS

    def _clock_offset(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()


def _reason(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_reason(each) for each in error.exceptions)
    return f"{type(error).__name__}: {error}"
