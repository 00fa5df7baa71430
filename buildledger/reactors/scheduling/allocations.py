"""What builds take while they are assigned: a slot on their worker, and their locks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from buildledger.config.resolved import Builder, Configuration
from buildledger.events.build import BuildAssigned
from buildledger.events.ids import BuildId, RequestId
from buildledger.reactors.builds.contexts import worker_view
from buildledger.reactors.scheduling.pools import Pool, Pools
from buildledger.reactors.scheduling.queues import Locks
from buildledger.reactors.state.shared import KnownWorker


class Allocation(NamedTuple):
    """What one build has taken."""

    worker: str
    builder: Builder | None
    """For its locks; None if its configuration doesn't have it."""
    requests: tuple[RequestId, ...]


class Released(NamedTuple):
    """What a build gave back."""

    allocation: Allocation
    pools: Iterable[Pool]
    """Those that have room again."""
    queues: Iterable[int]
    """Those that waited for one of its locks."""


class Allocations:
    """WorkerCapacity and locks under one configuration; builds that are only wished for count too."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self.pools = Pools()
        self.locks = Locks({lock.name: lock.count for lock in configuration.locks.values()})
        self._allocations: dict[BuildId, Allocation] = {}

    def allocate(self, build_id: BuildId, assigned: BuildAssigned, builder: Builder | None) -> None:
        """A build takes what it needs, once. `builder` is that of the configuration it is pinned to."""
        if build_id in self._allocations:
            return
        self._allocations[build_id] = Allocation(assigned.worker, builder, assigned.requests)
        self.pools.take(assigned.worker)
        if builder is not None:
            self.locks.take(builder)

    def release(self, build_id: BuildId) -> Released | None:
        """It gives everything back; None if it has nothing."""
        allocation = self._allocations.pop(build_id, None)
        if allocation is None:
            return None
        pools = self.pools.give_back(allocation.worker)
        queues = self.locks.give_back(allocation.builder) if allocation.builder is not None else ()
        return Released(allocation, pools, queues)

    def update_worker(self, worker: KnownWorker, *, stopping: bool) -> Iterable[Pool]:
        """A worker came, went or changed, or is about to be stopped; gives the pools in which it has room."""
        if not worker.name:
            return ()
        configured = worker.name in self._configuration.workers
        may = worker.connected and configured and not (worker.paused or worker.revoked or stopping)
        view = worker_view(self._configuration, worker)
        return self.pools.set_worker(worker.name, view, view.capacity if may else 0)
