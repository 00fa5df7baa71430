"""Drives the builds: each follows its step programs until it waits for its worker, or is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from buildledger.domain.build import BuildState
from buildledger.domain.command import Command
from buildledger.events.build import (
    BuildAssigned,
    BuildFinished,
    BuildStopRequested,
    OperationFinished,
)
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import BuildId
from buildledger.reactors.builds.contexts import Contexts
from buildledger.reactors.builds.driver import Plan
from buildledger.reactors.reactor import Fold, Wish
from buildledger.reactors.state.builds import BuildRun
from buildledger.reactors.state.shared import Work
from buildledger.steps.program import Execution


class Running:
    """One step program for each active build; programs are rebuilt from facts, so they are in no checkpoint."""

    name = "running"

    def __init__(self, work: Work, contexts: Contexts) -> None:
        self._work = work
        self._contexts = contexts
        self._executions: dict[BuildId, tuple[int, Execution]] = {}
        """By build, with the step that it belongs to."""
        self._moved: dict[BuildId, None] = {}

    def folds(self) -> Mapping[type[Fact], Fold]:
        """See `Reactor`: what can let a build go on."""
        return {
            BuildAssigned: self._went_on,
            OperationFinished: self._went_on,
            BuildStopRequested: self._went_on,
            BuildFinished: self._ended,
        }

    def _went_on(self, recorded: Recorded, fact: Any) -> None:
        self._moved[BuildId(recorded.stream_id)] = None

    def _ended(self, recorded: Recorded, fact: BuildFinished) -> None:
        self._executions.pop(BuildId(recorded.stream_id), None)

    def begin(self, now: datetime) -> None:
        """See `Reactor`."""
        self._moved = dict.fromkeys(self._work.builds)

    def react(self, now: datetime) -> list[Wish]:
        """See `Reactor`."""
        moved, self._moved = self._moved, {}
        runs = [run for build_id in moved if (run := self._work.builds.get(build_id)) is not None]
        return [
            Wish(commands, run.build_id, run.causation_id, run.correlation_id)
            for run in runs
            if (commands := self._plan(run))
        ]

    def refused(self, subject: UUID | str) -> None:
        """See `Reactor`: the program may be ahead of the facts, so it is brought there again by a replay."""
        build_id = BuildId(UUID(str(subject)))
        self._executions.pop(build_id, None)
        self._moved[build_id] = None

    def next_at(self) -> datetime | None:
        """See `Reactor`: builds wait for workers, not for times."""
        return None

    def start(self, build_id: BuildId, assigned: BuildAssigned) -> tuple[Command, ...]:
        """What a build does at once when it is assigned: goes with its assignment.

        Empty if something in it depends on its number, which isn't known before the assignment is a fact.
        """
        builder = self._work.configurations.of(assigned.config_digest).builders[assigned.builder]
        if self._contexts.asks(assigned.config_digest, builder, "build.number"):
            return ()
        state = BuildState(assigned=assigned)
        return self._plan(BuildRun(build_id=build_id, number=0, correlation_id=build_id, state=state))

    def forget(self, build_id: BuildId) -> None:
        """An assignment was refused: what was planned for it never happens."""
        self._executions.pop(build_id, None)

    def _plan(self, run: BuildRun) -> tuple[Command, ...]:
        assigned = run.assigned
        configuration = self._work.configurations.of(assigned.config_digest)
        step, execution = self._executions.get(run.build_id, (-1, None))
        at_hand = execution if step == run.state.step else None
        plan = Plan(run, configuration, self._contexts, self._work.worker(assigned.worker), at_hand)
        plan.make()
        if plan.execution is None:
            self._executions.pop(run.build_id, None)
        else:
            self._executions[run.build_id] = (plan.run.state.step, plan.execution)
        return tuple(plan.commands)
