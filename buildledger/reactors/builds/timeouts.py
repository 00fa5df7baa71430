"""Ends builds that take longer than their builder allows."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from buildledger.config.configurations import UnreadableConfigurationError, UnreadablePipelineError
from buildledger.config.fields import spelling
from buildledger.domain.build import TimeOutBuild
from buildledger.domain.refusals import Refusal
from buildledger.events.build import BuildAssigned, BuildFinished, BuildStopRequested
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import BuildId
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.reactors.reactor import CommandBatch, Fold
from buildledger.reactors.state.builds import BuildRun
from buildledger.reactors.state.shared import SharedState

ALWAYS_RUN_SECONDS = 600.0
"""How long what always runs may take, in all, after its build was stopped and its builder's timeout is over."""


class BuildTimeouts:
    """Stops a build at its builder's timeout, and for good when what always runs doesn't come to an end either.

    When that is due follows from facts: the assignment, the first stop, and the configuration the build is pinned to.
    """

    name = "timeouts"

    def __init__(self, shared: SharedState, *, always_run_seconds: float = ALWAYS_RUN_SECONDS) -> None:
        self._shared = shared
        self._always_run_seconds = always_run_seconds
        self._due: list[tuple[datetime, BuildId]] = []
        """When to look at builds; one may stand here several times, or have ended."""

    def folds(self) -> Mapping[type[Fact], Fold]:
        """See `Reactor`."""
        return {BuildAssigned: self._progressed, BuildStopRequested: self._progressed, BuildFinished: self._ended}

    def begin(self, now: datetime) -> None:
        """See `Reactor`."""
        self._schedule_all()

    def react(self, now: datetime) -> list[CommandBatch]:
        """See `Reactor`."""
        batches = []
        while self._due and self._due[0][0] <= now:
            _, build_id = heapq.heappop(self._due)
            run = self._shared.builds.get(build_id)
            due = None if run is None else self._due_at(run)
            if run is not None and due is not None and due <= now:
                batches.append(self._time_out(run))
        return batches

    def refused(self, subject: UUID | str, why: Refusal | LedgerUnavailable) -> None:
        """See `Reactor`."""
        self._schedule(BuildId(UUID(str(subject))))

    def decided_nothing(self, subject: UUID | str) -> None:
        """See `Reactor`: whoever asks looks at facts first, so nothing waits for another."""

    def next_at(self) -> datetime | None:
        """See `Reactor`: when the next build may have taken too long."""
        return self._due[0][0] if self._due else None

    def _progressed(self, recorded: Recorded, fact: Any) -> None:
        self._schedule(BuildId(recorded.stream_id))

    def _ended(self, recorded: Recorded, fact: Any) -> None:
        # Those that ended in time are taken out together: builds with long timeouts end long before them.
        if len(self._due) > 2 * len(self._shared.builds) + 64:
            self._schedule_all()

    def _schedule_all(self) -> None:
        self._due.clear()
        for build_id in self._shared.builds:
            self._schedule(build_id)

    def _schedule(self, build_id: BuildId) -> None:
        run = self._shared.builds.get(build_id)
        if run is not None and (due := self._due_at(run)) is not None:
            heapq.heappush(self._due, (due, build_id))

    def _due_at(self, run: BuildRun) -> datetime | None:
        """When the build is stopped, or stopped for good; None: never, or it has been."""
        seconds = self._timeout_seconds(run)
        if seconds is None or run.assigned_at is None or run.state.stopped_again:
            return None
        due = run.assigned_at + timedelta(seconds=seconds)
        if run.stop_requested_at is None:
            return due
        return max(due, run.stop_requested_at) + timedelta(seconds=self._always_run_seconds)

    def _timeout_seconds(self, run: BuildRun) -> float | None:
        try:
            configuration = self._shared.configurations.of(run.assigned.config_digest, run.assigned.pipeline)
        except (UnreadableConfigurationError, UnreadablePipelineError):
            return None
        return configuration.builders[run.assigned.builder].timeout_seconds

    def _time_out(self, run: BuildRun) -> CommandBatch:
        reason = f"stopped after {spelling.duration(self._timeout_seconds(run))}: the builder's timeout"
        if run.state.stop_requested:
            reason += f"; what always runs wasn't done {spelling.duration(self._always_run_seconds)} later"
        command = TimeOutBuild(build_id=run.build_id, reason=reason, for_good=run.state.stop_requested)
        return CommandBatch((command,), run.build_id, run.causation_id, run.correlation_id)
