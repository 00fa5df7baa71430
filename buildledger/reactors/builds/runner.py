"""Drives all running builds, each whenever a fact lets it go on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from buildledger.config.configurations import UnreadableConfigurationError, UnreadablePipelineError
from buildledger.domain.build import BuildState
from buildledger.domain.command import Command
from buildledger.domain.refusals import Refusal
from buildledger.events.build import (
    BuildAssigned,
    BuildFinished,
    BuildStopRequested,
    OperationFinished,
    StepLocksTaken,
)
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import BuildId, WorkerId
from buildledger.events.worker import WorkerLost
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.reactors.builds.completion import finish_unreadable
from buildledger.reactors.builds.contexts import EvaluationContexts
from buildledger.reactors.builds.driver import BuildDriver, GeneratedBuilds
from buildledger.reactors.reactor import CommandBatch, Fold
from buildledger.reactors.state.builds import BuildRun
from buildledger.reactors.state.shared import SharedState
from buildledger.steps.program import Execution

_log = logging.getLogger(__name__)


class BuildRunner:
    """Keeps the step program of each running build. Programs are replayed from facts, so they are in no checkpoint."""

    name = "running"

    def __init__(self, shared: SharedState, contexts: EvaluationContexts, requests: GeneratedBuilds) -> None:
        self._shared = shared
        self._requests = requests
        self._contexts = contexts
        self._executions: dict[BuildId, tuple[int, Execution]] = {}
        """The programs by build, each with the number of its step."""
        self._to_drive: dict[BuildId, None] = {}

    def folds(self) -> Mapping[type[Fact], Fold]:
        """See `Reactor`: the facts that can let a build go on."""
        return {
            BuildAssigned: self._progressed,
            StepLocksTaken: self._progressed,
            OperationFinished: self._progressed,
            BuildStopRequested: self._progressed,
            BuildFinished: self._ended,
            WorkerLost: self._worker_lost,
        }

    def _progressed(self, recorded: Recorded, fact: Any) -> None:
        self._to_drive[BuildId(recorded.stream_id)] = None

    def _worker_lost(self, recorded: Recorded, fact: WorkerLost) -> None:
        """Steps that wait for locks have no operation that could tell them."""
        known = self._shared.workers[WorkerId(recorded.stream_id)]
        self._to_drive.update(dict.fromkeys(self._shared.builds_of.get(known.name, ())))

    def _ended(self, recorded: Recorded, fact: BuildFinished) -> None:
        self._executions.pop(BuildId(recorded.stream_id), None)

    def begin(self, now: datetime) -> None:
        """See `Reactor`."""
        self._to_drive = dict.fromkeys(self._shared.builds)

    def react(self, now: datetime) -> list[CommandBatch]:
        """See `Reactor`."""
        to_drive, self._to_drive = self._to_drive, {}
        runs = [run for build_id in to_drive if (run := self._shared.builds.get(build_id)) is not None]
        return [
            CommandBatch(commands, run.build_id, run.causation_id, run.correlation_id)
            for run in runs
            if (commands := self._drive(run))
        ]

    def refused(self, subject: UUID | str, why: Refusal | LedgerUnavailable) -> None:
        """See `Reactor`: the program may be ahead of the facts, so it is dropped and replayed."""
        build_id = BuildId(UUID(str(subject)))
        self._executions.pop(build_id, None)
        self._to_drive[build_id] = None

    def decided_nothing(self, subject: UUID | str) -> None:
        """See `Reactor`: whoever asks looks at facts first, so nothing waits for another."""

    def next_at(self) -> datetime | None:
        """See `Reactor`: builds wait for workers, not for times."""
        return None

    def start(self, build_id: BuildId, assigned: BuildAssigned) -> tuple[Command, ...]:
        """What a build does at once when it is assigned: goes with its assignment.

        Empty if something in it depends on its number, which isn't known before the assignment is a fact.
        """
        configuration = self._shared.configurations.of(assigned.config_digest, assigned.pipeline)
        builder = configuration.builders[assigned.builder]
        if self._contexts.mentions(configuration.digest, builder, "build.number"):
            return ()
        state = BuildState(assigned=assigned)
        return self._drive(BuildRun(build_id=build_id, number=0, correlation_id=build_id, state=state))

    def forget(self, build_id: BuildId) -> None:
        """Drop the program of a build whose assignment was refused."""
        self._executions.pop(build_id, None)

    def _drive(self, run: BuildRun) -> tuple[Command, ...]:
        assigned = run.assigned
        try:
            configuration = self._shared.configurations.of(assigned.config_digest, assigned.pipeline)
        except (UnreadableConfigurationError, UnreadablePipelineError) as error:
            _log.error("build %s can't go on: %s", run.build_id, error)
            return finish_unreadable(run, error)
        step, execution = self._executions.get(run.build_id, (-1, None))
        at_hand = execution if step == run.state.step else None
        worker = self._shared.worker(assigned.worker)
        driver = BuildDriver(run, configuration, self._contexts, worker, at_hand, self._requests)
        driver.advance()
        if driver.execution is None:
            self._executions.pop(run.build_id, None)
        else:
            self._executions[run.build_id] = (driver.run.state.step, driver.execution)
        return tuple(driver.commands)
