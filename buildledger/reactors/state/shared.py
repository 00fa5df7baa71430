"""The state that all reactors share, folded once: open requests, running builds, workers and machines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

import msgspec

from buildledger.config.configurations import AppliedConfigurations, Configurations
from buildledger.domain.build import BuildState
from buildledger.domain.config import RequireConfig
from buildledger.events import build, config, request
from buildledger.events import worker as worker_events
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import BuildId, RequestId, WorkerId, worker_id
from buildledger.reactors.reactor import Fold
from buildledger.reactors.state.builds import BuildRun, clock_set, evolve
from buildledger.reactors.state.machines import KnownMachine, Machines
from buildledger.reactors.state.requests import OpenRequest
from buildledger.reactors.state.workers import KnownWorker

BUILD_PROGRESS_FACTS: tuple[type[Fact], ...] = (
    build.StepStarted,
    build.StepLocksRequested,
    build.StepLocksTaken,
    build.OperationRequested,
    build.OperationStarted,
    build.OperationFinished,
    build.PropertySet,
    build.RevisionObtained,
    build.ArtifactStored,
    build.StepFinished,
    build.BuildStopRequested,
)
"""The facts of a build between its assignment and its end."""


_worker_id = lru_cache(maxsize=20_000)(worker_id)


class Snapshot(msgspec.Struct, kw_only=True):
    """The shared state, for a checkpoint."""

    requests: list[OpenRequest]
    builds: list[BuildRun]
    workers: dict[WorkerId, KnownWorker]
    machines: dict[str, KnownMachine]
    build_counts: dict[str, int]
    fence: int
    configurations: dict[str, int]
    digest: str | None


class SharedState:
    """Folds facts. Its size follows what is open and the numbers of builders and workers, not the history."""

    def __init__(self, configurations: Configurations) -> None:
        self.configurations = AppliedConfigurations(configurations)
        self.requests: dict[RequestId, OpenRequest] = {}
        self.builds: dict[BuildId, BuildRun] = {}
        self.builds_of: dict[str, set[BuildId]] = {}
        """The running builds by the name of their worker."""
        self.workers: dict[WorkerId, KnownWorker] = {}
        self.machines = Machines()
        self.build_counts: dict[str, int] = {}
        self.fence = 0
        self.ended: BuildRun | None = None
        """The build that the present fact has ended, for the reactors, which fold the fact after this."""
        self.answered: OpenRequest | None = None
        """The request that the present fact has finished, for the reactors likewise."""

    def worker(self, name: str) -> KnownWorker | None:
        """The worker with this name; None if it isn't in the ledger."""
        return self.workers.get(_worker_id(name))

    def under_this_configuration(self) -> tuple[RequireConfig, ...]:
        """For a batch that was decided under this configuration: has it refused if another is in force by then."""
        digest = self.configurations.digest
        return () if digest is None else (RequireConfig(digest=digest),)

    def clock_set(self, now: datetime) -> None:
        """Take what was recorded by a clock ahead of the present time as recorded at present: nothing waits for it."""
        for known in self.workers.values():
            if known.disconnected_at is not None:
                known.disconnected_at = min(known.disconnected_at, now)
        for waiting in self.requests.values():
            if waiting.claimed_at is not None:
                waiting.claimed_at = min(waiting.claimed_at, now)
        for run in self.builds.values():
            self.builds[run.build_id] = clock_set(run, now)
        self.machines.clock_set(now)

    def number_of(self, build_id: BuildId) -> int:
        """A running build's number among those of its builder, from 1; 0 if it doesn't run."""
        run = self.builds.get(build_id)
        return 0 if run is None else run.number

    def priority_of(self, run: BuildRun) -> int:
        """The priority of a running build: that of the request that it was made for."""
        first = self.requests.get(run.assigned.requests[0])
        return 0 if first is None else first.priority

    def folds(self) -> Mapping[type[Fact], Fold]:
        """The facts that it folds, and by which functions."""
        progress: dict[type[Fact], Fold] = dict.fromkeys(BUILD_PROGRESS_FACTS, self._build_progressed)
        return {
            **progress,
            **self.machines.folds(),
            config.ConfigApplied: self._config_applied,
            request.RequestSubmitted: self._request_submitted,
            request.RequestPrioritised: self._request_prioritised,
            request.RequestClaimed: self._request_claimed,
            request.RequestCollapsed: self._request_collapsed,
            request.RequestReturned: self._request_returned,
            request.RequestFinished: self._request_finished,
            build.BuildAssigned: self._build_assigned,
            build.BuildFinished: self._build_finished,
            worker_events.WorkerConnected: self._worker_connected,
            worker_events.WorkerDisconnected: self._worker_disconnected,
            worker_events.WorkerLost: self._worker_lost,
            worker_events.WorkerMissing: self._worker_missing,
            worker_events.WorkerReturned: self._worker_returned,
            worker_events.WorkerPaused: self._worker_paused,
            worker_events.WorkerResumed: self._worker_resumed,
            worker_events.WorkerEnrolled: self._worker_enrolled,
            worker_events.WorkerRevoked: self._worker_revoked,
        }

    def _config_applied(self, recorded: Recorded, fact: config.ConfigApplied) -> None:
        self.configurations.apply(recorded.position, fact.digest)

    def _request_submitted(self, recorded: Recorded, fact: request.RequestSubmitted) -> None:
        request_id = RequestId(recorded.stream_id)
        self.requests[request_id] = OpenRequest(
            request_id=request_id,
            position=recorded.position,
            submitted=fact,
            priority=fact.priority,
            causation_id=recorded.meta.command_id,
            correlation_id=recorded.meta.correlation_id or request_id,
        )

    def _request_prioritised(self, recorded: Recorded, fact: request.RequestPrioritised) -> None:
        self.requests[RequestId(recorded.stream_id)].priority = fact.priority

    def _request_claimed(self, recorded: Recorded, fact: request.RequestClaimed) -> None:
        claimed = self.requests[RequestId(recorded.stream_id)]
        claimed.build_id, claimed.attempts = fact.build_id, fact.attempt
        claimed.claimed_at = recorded.meta.recorded_at

    def _request_collapsed(self, recorded: Recorded, fact: request.RequestCollapsed) -> None:
        collapsed = self.requests[RequestId(recorded.stream_id)]
        collapsed.into = fact.into
        if (newer := self.requests.get(fact.into)) is not None:
            newer.followers += (collapsed.request_id, *collapsed.followers)
        collapsed.followers = ()

    def _request_returned(self, recorded: Recorded, fact: request.RequestReturned) -> None:
        returned = self.requests[RequestId(recorded.stream_id)]
        returned.build_id = None
        returned.causation_id = recorded.meta.command_id

    def _request_finished(self, recorded: Recorded, fact: request.RequestFinished) -> None:
        self.answered = self.requests.pop(RequestId(recorded.stream_id))

    def _build_assigned(self, recorded: Recorded, fact: build.BuildAssigned) -> None:
        build_id = BuildId(recorded.stream_id)
        number = self.build_counts[fact.builder] = self.build_counts.get(fact.builder, 0) + 1
        self.fence = max(self.fence, fact.fence)
        self.builds[build_id] = BuildRun(
            build_id=build_id,
            number=number,
            correlation_id=recorded.meta.correlation_id or build_id,
            causation_id=recorded.meta.command_id,
            assigned_at=recorded.meta.recorded_at,
            state=BuildState(assigned=fact),
        )
        self.builds_of.setdefault(fact.worker, set()).add(build_id)

    def _build_progressed(self, recorded: Recorded, fact: Fact) -> None:
        build_id = BuildId(recorded.stream_id)
        if (run := self.builds.get(build_id)) is not None:
            moved = evolve(run, fact)
            asked = isinstance(fact, build.StepLocksRequested)
            stopped_first = isinstance(fact, build.BuildStopRequested) and not run.state.stop_requested
            self.builds[build_id] = msgspec.structs.replace(
                moved,
                causation_id=recorded.meta.command_id,
                locks_requested_at=recorded.position if asked else moved.locks_requested_at,
                stop_requested_at=recorded.meta.recorded_at if stopped_first else moved.stop_requested_at,
            )

    def _build_finished(self, recorded: Recorded, fact: build.BuildFinished) -> None:
        self.ended = run = self.builds.pop(BuildId(recorded.stream_id))
        self._drop_from_worker(run)
        self.machines.build_ended(run.assigned.worker, run.build_id)
        if (first := self.requests.get(run.assigned.requests[0])) is not None:
            first.last_worker = run.assigned.worker

    def _drop_from_worker(self, run: BuildRun) -> None:
        builds = self.builds_of[run.assigned.worker]
        builds.discard(run.build_id)
        if not builds:
            del self.builds_of[run.assigned.worker]

    def _worker_connected(self, recorded: Recorded, fact: worker_events.WorkerConnected) -> None:
        known = self._known(recorded)
        known.name, known.epoch, known.server_id = fact.worker, fact.epoch, fact.server_id
        known.connected, known.lost, known.disconnected_at = True, False, None
        known.labels = {"os": fact.os, "arch": fact.arch} | fact.labels
        known.capacity = fact.capacity
        known.features = fact.features
        self.machines.worker_came(fact.worker)

    def _worker_disconnected(self, recorded: Recorded, fact: worker_events.WorkerDisconnected) -> None:
        known = self._known(recorded)
        known.connected, known.disconnected_at = False, recorded.meta.recorded_at

    def _worker_lost(self, recorded: Recorded, fact: worker_events.WorkerLost) -> None:
        self._known(recorded).lost = True

    def _worker_missing(self, recorded: Recorded, fact: worker_events.WorkerMissing) -> None:
        self._known(recorded).missing = True

    def _worker_returned(self, recorded: Recorded, fact: worker_events.WorkerReturned) -> None:
        self._known(recorded).missing = False

    def _worker_paused(self, recorded: Recorded, fact: worker_events.WorkerPaused) -> None:
        known = self._known(recorded)
        known.paused, known.drained = True, fact.by is worker_events.PausedBy.WORKER

    def _worker_resumed(self, recorded: Recorded, fact: worker_events.WorkerResumed) -> None:
        self._known(recorded).paused = False

    def _worker_enrolled(self, recorded: Recorded, fact: worker_events.WorkerEnrolled) -> None:
        self._known(recorded).revoked = False

    def _worker_revoked(self, recorded: Recorded, fact: worker_events.WorkerRevoked) -> None:
        self._known(recorded).revoked = True

    def _known(self, recorded: Recorded) -> KnownWorker:
        return self.workers.setdefault(WorkerId(recorded.stream_id), KnownWorker())

    def snapshot(self) -> Snapshot:
        """The present state, for a checkpoint."""
        pinned = {run.assigned.config_digest for run in self.builds.values()}
        return Snapshot(
            requests=list(self.requests.values()),
            builds=list(self.builds.values()),
            workers=self.workers,
            machines=self.machines.known,
            build_counts=self.build_counts,
            fence=self.fence,
            configurations=self.configurations.positions(pinned),
            digest=self.configurations.digest,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Take over the content of a checkpoint."""
        self.requests = {open_request.request_id: open_request for open_request in snapshot.requests}
        self.builds = {run.build_id: run for run in snapshot.builds}
        for run in snapshot.builds:
            self.builds_of.setdefault(run.assigned.worker, set()).add(run.build_id)
        self.workers = snapshot.workers
        self.machines.known = snapshot.machines
        self.build_counts = snapshot.build_counts
        self.fence = snapshot.fence
        self.configurations.restore(snapshot.configurations, snapshot.digest)
