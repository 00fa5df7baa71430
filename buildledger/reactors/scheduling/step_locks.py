"""Gives steps that wait the locks that they wait for; the scheduler's index knows how these stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from buildledger.domain.build import TakeStepLocks
from buildledger.domain.refusals import Refusal
from buildledger.events.build import StepFinished, StepLocksRequested, StepLocksTaken
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import BuildId
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.reactors.reactor import CommandBatch, Fold
from buildledger.reactors.scheduling.index import SchedulingIndex
from buildledger.reactors.state.shared import SharedState


class StepLocks:
    """Comes after the scheduler, so that a build whose turn is first has its locks before a step that came later."""

    name = "locking"

    def __init__(self, shared: SharedState, index: Callable[[], SchedulingIndex | None]) -> None:
        self._shared = shared
        self._index = index
        """The scheduler's index; None while it has none."""

    def folds(self) -> Mapping[type[Fact], Fold]:
        """See `Reactor`."""
        return {
            StepLocksRequested: self._requested,
            StepLocksTaken: self._taken,
            StepFinished: self._finished,
        }

    def begin(self, now: datetime) -> None:
        """See `Reactor`: the scheduler's index is made of all that is open, also of steps."""

    def react(self, now: datetime) -> list[CommandBatch]:
        """See `Reactor`."""
        index = self._index()
        if index is None:
            return []
        return [self._give(build_id) for build_id in index.allocations.give_to_steps()]

    def refused(self, subject: UUID | str, why: Refusal | LedgerUnavailable) -> None:
        """See `Reactor`: take the locks back, and let the step wait again if it still does."""
        build_id = BuildId(UUID(str(subject)))
        if (index := self._index()) is None:
            return
        run = self._shared.builds.get(build_id)
        if run is None or not run.state.locks_taken:
            index.end_step(build_id)
        if run is not None and run.state.waits_for_locks:
            index.let_step_wait(run, self._shared.priority_of(run))

    def decided_nothing(self, subject: UUID | str) -> None:
        """See `Reactor`: whoever asks looks at facts first, so nothing waits for another."""

    def next_at(self) -> datetime | None:
        """See `Reactor`: locks come back by facts."""
        return None

    def _give(self, build_id: BuildId) -> CommandBatch:
        run = self._shared.builds[build_id]
        commands = (
            TakeStepLocks(build_id=build_id, step=run.state.step),
            *self._shared.under_this_configuration(),
        )
        return CommandBatch(commands, build_id, run.causation_id, run.correlation_id)

    def _requested(self, recorded: Recorded, fact: Any) -> None:
        if (index := self._index()) is not None:
            run = self._shared.builds[BuildId(recorded.stream_id)]
            index.let_step_wait(run, self._shared.priority_of(run))

    def _taken(self, recorded: Recorded, fact: Any) -> None:
        if (index := self._index()) is not None:
            run = self._shared.builds[BuildId(recorded.stream_id)]
            index.allocations.give_to_step(run.build_id, run.state.locks_requested)

    def _finished(self, recorded: Recorded, fact: Any) -> None:
        if (index := self._index()) is not None:
            index.end_step(BuildId(recorded.stream_id))
