"""What is open, arranged for assigning: workers with room, locks, and the queues of requests that need them."""

from __future__ import annotations

from collections.abc import Iterator

from buildledger.config.resolved import Configuration
from buildledger.events.ids import BuildId, RequestId
from buildledger.reactors.builds.contexts import EvaluationContexts
from buildledger.reactors.scheduling.allocations import Allocations
from buildledger.reactors.scheduling.candidates import candidate_of
from buildledger.reactors.scheduling.demand import UnmetDemand
from buildledger.reactors.scheduling.pools import QueueRank
from buildledger.reactors.scheduling.queues import Queue
from buildledger.reactors.scheduling.ready_queues import ReadyQueues
from buildledger.reactors.state.builds import BuildRun
from buildledger.reactors.state.machines import Machines
from buildledger.reactors.state.workers import KnownWorker


class SchedulingIndex:
    """An index of the shared state under one configuration; another configuration takes another index."""

    def __init__(self, configuration: Configuration, contexts: EvaluationContexts) -> None:
        self.configuration = configuration
        self.allocations = Allocations(configuration)
        self.queues = ReadyQueues(self.allocations.pools, contexts, configuration.digest)

    def update_worker(self, known: KnownWorker, machines: Machines) -> None:
        """Take over how a worker stands."""
        if not known.name:
            return
        candidate = candidate_of(self.configuration, known.name, known, machines.known.get(known.name))
        self.queues.mark_ready(self.allocations.update_worker(candidate))
        # who has no worker any more reserves nothing
        self.queues.requeue(self.allocations.locks.waiting())

    def turn_changed(self, queue: Queue | None) -> None:
        """Look again at those that wait for the same locks as a queue: its turn comes later, or not at all."""
        if queue is not None:
            self.queues.requeue(self.allocations.locks.waiting_with(queue))

    def release(self, build_id: BuildId) -> tuple[RequestId, ...]:
        """Take back a build's slot and locks; gives the requests that it was for."""
        if (released := self.allocations.release(build_id)) is None:
            return ()
        self.queues.mark_ready(released.pools)
        self.queues.requeue(released.queues)
        return released.allocation.requests

    def let_step_wait(self, run: BuildRun, priority: int) -> None:
        """Let the running step of a build wait for its locks, among the queues."""
        rank = QueueRank(-priority, self.queues.virtual_time, run.locks_requested_at, -1)
        self.allocations.let_step_wait(run.build_id, run.state.locks_requested, rank)

    def resume_step(self, run: BuildRun, priority: int) -> None:
        """Take over how the running step of a build stands, at the start."""
        if run.state.waits_for_locks:
            self.let_step_wait(run, priority)
        elif run.state.locks_taken:
            self.allocations.give_to_step(run.build_id, run.state.locks_requested)

    def end_step(self, build_id: BuildId) -> None:
        """Take back the locks of a build's step, or let it wait for them no more."""
        self.queues.requeue(self.allocations.end_step(build_id))

    def unmet_demand(self) -> Iterator[UnmetDemand]:
        """The queues that wait for a worker, because none has room."""
        for queue in self.queues.without_capacity():
            room = self.allocations.locks.room(queue.builder)
            yield UnmetDemand(queue, queue.builds if room is None else min(queue.builds, room))
