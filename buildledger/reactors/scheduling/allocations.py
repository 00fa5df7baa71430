"""What builds hold from their assignment to their end: a slot on their worker, and their locks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from buildledger.config.placement import Candidate
from buildledger.config.resolved import Builder, Configuration
from buildledger.events.build import BuildAssigned
from buildledger.events.ids import BuildId, RequestId
from buildledger.reactors.scheduling.locks import Locks
from buildledger.reactors.scheduling.pools import Pool, Pools


class Allocation(NamedTuple):
    """What one build holds."""

    worker: str
    builder: Builder | None
    """For its locks; None if its configuration doesn't have it, or can't be read."""
    requests: tuple[RequestId, ...]


class Released(NamedTuple):
    """What a build gave back."""

    allocation: Allocation
    pools: Iterable[Pool]
    """Those in which its worker has room."""
    queues: Iterable[int]
    """The numbers of the queues that waited for one of its locks."""


class Allocations:
    """Slots and locks under one configuration. A build counts from the moment that its assignment is decided."""

    def __init__(self, configuration: Configuration) -> None:
        self.pools = Pools()
        self.locks = Locks({lock.name: lock.count for lock in configuration.locks.values()})
        self._allocations: dict[BuildId, Allocation] = {}

    def __iter__(self) -> Iterator[tuple[BuildId, Allocation]]:
        return iter(self._allocations.items())

    def allocate(self, build_id: BuildId, assigned: BuildAssigned, builder: Builder | None) -> None:
        """Give a build what it needs, once. `builder` is that of the configuration that it was assigned under."""
        if build_id in self._allocations:
            return
        self._allocations[build_id] = Allocation(assigned.worker, builder, assigned.requests)
        self.pools.take(assigned.worker)
        if builder is not None:
            self.locks.take(builder)

    def release(self, build_id: BuildId) -> Released | None:
        """Take back what a build holds; None if it holds nothing."""
        allocation = self._allocations.pop(build_id, None)
        if allocation is None:
            return None
        pools = self.pools.give_back(allocation.worker)
        queues = self.locks.give_back(allocation.builder) if allocation.builder is not None else ()
        return Released(allocation, pools, queues)

    def update_worker(self, candidate: Candidate) -> Iterable[Pool]:
        """Take over how a worker stands; gives the pools in which it has room."""
        return self.pools.set_worker(candidate.view.name, candidate.view, candidate.slots)
