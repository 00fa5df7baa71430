"""Gives waiting requests to workers: by requirement and room, priority, turn and age, within the locks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from buildledger.config.configurations import UnreadableConfigurationError, UnreadablePipelineError
from buildledger.config.evaluation.lock_reason import LockWaiter
from buildledger.config.evaluation.wait_reason import WaitReason, not_configured, tried_again
from buildledger.config.resolved import Builder, Configuration
from buildledger.domain.build import AssignBuild
from buildledger.domain.refusals import Refusal
from buildledger.domain.request import ClaimRequest, CollapseRequest
from buildledger.domain.worker import RequireWorker
from buildledger.events import build, config, machine, request
from buildledger.events import worker as worker_events
from buildledger.events.build import BuildAssigned
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import BuildId, RequestId, WorkerId, worker_id
from buildledger.events.ids import build_id as build_id_of
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.reactors.builds.contexts import EvaluationContexts
from buildledger.reactors.builds.runner import BuildRunner
from buildledger.reactors.reactor import CommandBatch, Fold
from buildledger.reactors.scheduling.assignment import assignment
from buildledger.reactors.scheduling.demand import UnmetDemand
from buildledger.reactors.scheduling.explain import explain
from buildledger.reactors.scheduling.index import SchedulingIndex
from buildledger.reactors.scheduling.queues import Queue
from buildledger.reactors.scheduling.retry_pauses import RetryPauses
from buildledger.reactors.scheduling.unbuildable import UnbuildableRequests
from buildledger.reactors.state.requests import OpenRequest
from buildledger.reactors.state.shared import SharedState


class Scheduler:
    """Assigns requests to workers. It keeps an index of the shared state, which is in no checkpoint."""

    name = "assigning"

    def __init__(
        self,
        shared: SharedState,
        contexts: EvaluationContexts,
        running: BuildRunner,
        default_branch: Callable[[Configuration, str], str],
    ) -> None:
        self._default_branch = default_branch
        """Of a source, under a configuration."""
        self._shared = shared
        self._contexts = contexts
        self._running = running
        self.index: SchedulingIndex | None = None
        """None before the start, and as long as there is no configuration."""
        self._unbuildable = UnbuildableRequests(shared)
        self._pauses = RetryPauses(shared)
        self._fence = 0
        self._begun = False

    def folds(self) -> Mapping[type[Fact], Fold]:
        """See `Reactor`."""
        return {
            config.ConfigApplied: self._reconfigured,
            request.RequestSubmitted: self._requested,
            request.RequestPrioritised: self._requested,
            request.RequestReturned: self._returned,
            request.RequestClaimed: self._dequeued,
            request.RequestCollapsed: self._dequeued,
            request.RequestFinished: self._answered,
            build.BuildAssigned: self._assigned,
            build.BuildFinished: self._finished,
            worker_events.WorkerConnected: self._worker_changed,
            worker_events.WorkerDisconnected: self._worker_changed,
            worker_events.WorkerPaused: self._worker_changed,
            worker_events.WorkerResumed: self._worker_changed,
            worker_events.WorkerEnrolled: self._worker_changed,
            worker_events.WorkerRevoked: self._worker_changed,
            machine.MachineStartFailed: self._machine_stopping,
            machine.MachineStopRequested: self._machine_stopping,
            machine.MachineStopped: self._machine_stopping,
        }

    def begin(self, now: datetime) -> None:
        """See `Reactor`: index everything that is open; without a readable configuration all requests wait."""
        self._begun = True
        configuration = self._shared.configurations.current
        if configuration is None:
            self.index = None
            return
        self.index = index = SchedulingIndex(configuration, self._contexts)
        self._unbuildable.clear()
        for run in self._shared.builds.values():
            index.allocations.allocate(run.build_id, run.assigned, self._pinned(run.assigned))
        for run in self._shared.builds.values():
            index.resume_step(run, self._shared.priority_of(run))
        for known in self._shared.workers.values():
            index.update_worker(known, self._shared.machines)
        self._pauses.resume(self._builder)
        for waiting in self._shared.requests.values():
            if waiting.request_id not in self._pauses:
                self._enqueue(index, waiting)
            self._unbuildable.check_left_behind(waiting)

    def react(self, now: datetime) -> list[CommandBatch]:
        """See `Reactor`."""
        batches = self._unbuildable.cancel()
        if (index := self.index) is not None:
            for request_id in self._pauses.over(now):
                self._add(index, request_id)
            served = (self._assign(index, queue) for queue in index.queues.ready())
            batches.extend(batch for batch in served if batch is not None)
        return batches

    def is_busy(self, worker: str) -> bool:
        """Whether the worker has a build, or has just been given one."""
        given = self.index is not None and self.index.allocations.pools.capacity_of(worker).used > 0
        return given or worker in self._shared.builds_of

    def unmet_demand(self) -> Iterator[UnmetDemand]:
        """The queues that wait for a worker, because none has room."""
        return iter(()) if self.index is None else self.index.unmet_demand()

    def explain(self, request_id: RequestId) -> WaitReason | None:
        """Why a request waits, when nothing is left to do; None if it doesn't wait."""
        waiting = self._shared.requests.get(request_id)
        if (index := self.index) is None or waiting is None or not waiting.waits:
            return None
        queue = index.queues.queue_of(request_id)
        builder = self._builder(waiting)
        if builder is None or (queue is None and request_id not in self._pauses):
            return not_configured(waiting.submitted.builder)
        queue = queue or index.queues.queue_for(builder, waiting)
        reason = explain(index.configuration, index.allocations, self._shared, queue, self._waiting_for_locks)
        return tried_again(reason) if waiting.attempts else reason

    def refused(self, subject: UUID | str, why: Refusal | LedgerUnavailable) -> None:
        """See `Reactor`: take the assignment back; the requests that still wait are queued again."""
        refused = UUID(str(subject))
        requests: tuple[RequestId, ...] = (RequestId(refused),)
        if refused not in self._shared.requests:
            self._running.forget(BuildId(refused))
            requests = () if BuildId(refused) in self._shared.builds else self._release(BuildId(refused))
        for request_id in requests:
            if self.index is not None and (waiting := self._shared.requests.get(request_id)) is not None:
                self._enqueue(self.index, waiting)

    def decided_nothing(self, subject: UUID | str) -> None:
        """See `Reactor`: whoever asks looks at facts first, so nothing waits for another."""

    def next_at(self) -> datetime | None:
        """See `Reactor`: when the first request whose build was lost may be tried again."""
        return self._pauses.next_at()

    def _reconfigured(self, recorded: Recorded, fact: config.ConfigApplied) -> None:
        if self._begun:
            self.begin(recorded.meta.recorded_at)

    def _requested(self, recorded: Recorded, fact: Any) -> None:
        request_id = RequestId(recorded.stream_id)
        if self.index is None or request_id in self._pauses:
            return
        for other in self._pauses.pausing_with(self._shared.requests[request_id]):
            self._add(self.index, other)
        self._add(self.index, request_id)

    def _returned(self, recorded: Recorded, fact: Any) -> None:
        if self.index is not None:
            request_id = RequestId(recorded.stream_id)
            waiting = self._shared.requests[request_id]
            if self._builder(waiting) is not None:
                self._pauses.begin(waiting)
            else:
                self._add(self.index, request_id)

    def _dequeued(self, recorded: Recorded, fact: Any) -> None:
        self._pauses.end(RequestId(recorded.stream_id))
        if self.index is not None:
            self.index.queues.remove(self._shared.requests[RequestId(recorded.stream_id)])

    def _answered(self, recorded: Recorded, fact: Any) -> None:
        answered = self._shared.answered
        assert answered is not None
        self._pauses.end(answered.request_id)
        if self.index is not None:
            queue = self.index.queues.queue_of(answered.request_id)
            self.index.queues.remove(answered)
            self.index.turn_changed(queue)
        self._unbuildable.answered(answered)

    def _assigned(self, recorded: Recorded, fact: BuildAssigned) -> None:
        if self.index is not None:
            self.index.allocations.allocate(BuildId(recorded.stream_id), fact, self._pinned(fact))

    def _finished(self, recorded: Recorded, fact: Any) -> None:
        self._release(BuildId(recorded.stream_id))

    def _worker_changed(self, recorded: Recorded, fact: Any) -> None:
        if self.index is not None:
            self.index.update_worker(self._shared.workers[WorkerId(recorded.stream_id)], self._shared.machines)

    def _machine_stopping(self, recorded: Recorded, fact: Any) -> None:
        known = self._shared.workers.get(worker_id(fact.worker))
        if self.index is not None and known is not None:
            self.index.update_worker(known, self._shared.machines)

    def _pinned(self, assigned: BuildAssigned) -> Configuration | None:
        """The configuration of a running build; None if it can't be read, so that nobody knows the build's locks.

        Such a build is about to end: `BuildRunner` does that.
        """
        try:
            return self._shared.configurations.of(assigned.config_digest, assigned.pipeline)
        except (UnreadableConfigurationError, UnreadablePipelineError):
            return None

    def _builder(self, waiting: OpenRequest) -> Builder | None:
        """The builder of a request under the configuration in force; None if that has none, or allows none such."""
        configuration = self._shared.configurations.in_force(waiting.submitted.pipeline)
        return None if configuration is None else configuration.builders.get(waiting.submitted.builder)

    def _add(self, index: SchedulingIndex, request_id: RequestId) -> None:
        self._pauses.end(request_id)
        queue = index.queues.queue_of(request_id)
        self._enqueue(index, self._shared.requests[request_id])
        index.turn_changed(queue)

    def _waiting_for_locks(self) -> Iterator[LockWaiter]:
        """Everybody that waits and may wait for a lock."""
        assert self.index is not None
        pausing = (self._builder(self._shared.requests[request_id]) for request_id in self._pauses)
        for builder in (*self.index.queues.waiting_builders(), *pausing):
            if builder is not None:
                yield LockWaiter(builder.name, builder.locks)
        for step in self.index.allocations.locks.waiting_steps():
            run = self._shared.builds[step.build_id]
            yield LockWaiter(run.assigned.builder, step.uses, run.number)

    def _enqueue(self, index: SchedulingIndex, waiting: OpenRequest) -> None:
        if not waiting.waits:
            return
        builder = self._builder(waiting)
        if builder is None:
            self._unbuildable.not_configured(waiting)
        else:
            index.queues.add(builder, waiting)

    def _release(self, build_id: BuildId) -> tuple[RequestId, ...]:
        return () if self.index is None else self.index.release(build_id)

    def _assign(self, index: SchedulingIndex, queue: Queue) -> CommandBatch | None:
        """Give the first requests of a queue a worker; None: the queue has to wait for a lock."""
        if index.allocations.locks.lacking(queue) is not None:
            index.allocations.locks.wait(queue)
            return None
        index.allocations.locks.serve(queue)
        together = index.queues.take(queue)
        newest = together[-1]
        worker = queue.pool.choose(queue.builder.pick, queue.last_worker, newest.last_worker)
        queue.last_worker = worker.name
        build_id = build_id_of(newest.request_id, newest.attempts + 1)
        self._fence = max(self._fence, self._shared.fence) + 1
        configuration = self._shared.configurations.in_force(queue.pipeline)
        assert configuration is not None, "there is an index under a configuration only"
        assigned = assignment(
            together,
            self._shared.requests,
            worker=worker.name,
            fence=self._fence,
            configuration=configuration,
            default_branch=partial(self._default_branch, index.configuration),
        )
        index.allocations.allocate(build_id, assigned, configuration)
        commands = (
            ClaimRequest(request_id=newest.request_id, build_id=build_id, attempt=assigned.attempt),
            *(CollapseRequest(request_id=older.request_id, into=newest.request_id) for older in together[:-1]),
            AssignBuild(build_id=build_id, assignment=assigned),
            *self._running.start(build_id, assigned),
            RequireWorker(worker=worker.name),
            *self._shared.under_this_configuration(),
        )
        return CommandBatch(commands, build_id, newest.causation_id, newest.correlation_id)
