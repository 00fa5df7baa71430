"""Pools of workers: one for all builders that ask the same of their worker."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from typing import NamedTuple

from buildledger.config.evaluate import Context, WorkerView
from buildledger.config.placement import Requirement, RequirementKey
from buildledger.config.resolved import Builder


class QueueRank(NamedTuple):
    """A queue's place in the order in which queues are served: the smallest comes first."""

    urgency: int
    """The negative priority of the queue's first request."""
    served: float
    """The queue's virtual time: it grows with each build, so that builders of equal priority take turns."""
    age: int
    """The ledger position at which the queue's first request was submitted."""
    queue: int
    """The number of the queue."""


class WorkerCapacity:
    """One worker's slots for builds, and how many of them are used."""

    __slots__ = ("name", "pools", "slots", "used", "view")

    def __init__(self, name: str) -> None:
        self.name = name
        self.slots = 0
        """How many builds it may have; 0 while it is given none."""
        self.used = 0
        self.view = WorkerView()
        self.pools: dict[Pool, None] = {}
        """The pools that it belongs to."""

    @property
    def free(self) -> int:
        """How many more builds it may have."""
        return self.slots - self.used

    @property
    def load(self) -> float:
        """The share of its slots that is used, from 0 to 1."""
        return self.used / self.slots if self.slots else 1.0


class Pool:
    """The workers that meet one requirement, and the queues of requests that have it."""

    def __init__(self, requirement: Requirement) -> None:
        self.requirement = requirement
        self.queues = 0
        """How many queues it has."""
        self.members: set[str] = set()
        """The names of its workers."""
        self.free: OrderedDict[str, WorkerCapacity] = OrderedDict()
        """Its workers with room; the one that was given a build longest ago first."""
        self._ranks: list[QueueRank] = []

    def admit(self, worker: WorkerCapacity) -> None:
        """Take a worker in or leave it out, as its view and its slots are."""
        if worker.slots > 0 and self.requirement.fits(worker.view):
            worker.pools[self] = None
            self.members.add(worker.name)
            self.refresh(worker)
        else:
            self.members.discard(worker.name)
            worker.pools.pop(self, None)
            self.free.pop(worker.name, None)

    def refresh(self, worker: WorkerCapacity) -> None:
        """Note whether one of its workers has room."""
        if worker.free > 0:
            self.free.setdefault(worker.name, worker)
        else:
            self.free.pop(worker.name, None)

    def choose(self, preferred: str | None, excluded: str | None) -> WorkerCapacity:
        """A worker with room: the preferred unless another is less loaded; the excluded only if there is no other."""
        worker = next(iter(self.free.values()))
        if worker.name == excluded and len(self.free) > 1:
            worker = next(other for other in self.free.values() if other.name != excluded)
        if preferred is not None and preferred != excluded:
            known = self.free.get(preferred)
            if known is not None and known.load <= worker.load:
                worker = known
        return worker

    def enqueue(self, rank: QueueRank) -> None:
        """Add a queue's rank; a queue may be here more than once, and only its newest rank holds."""
        heapq.heappush(self._ranks, rank)

    def first(self) -> QueueRank | None:
        """The smallest rank, which may not hold any more; None if there is none."""
        return self._ranks[0] if self._ranks else None

    def drop_first(self) -> None:
        """Remove the smallest rank."""
        heapq.heappop(self._ranks)


class Pools:
    """All pools under one configuration, each made when a request first needs it."""

    def __init__(self) -> None:
        self._pools: dict[RequirementKey, Pool] = {}
        self._workers: dict[str, WorkerCapacity] = {}

    def pool_for(self, key: RequirementKey, builder: Builder, context: Context) -> Pool:
        """The pool for a requirement; looks at every worker if it is the first of its kind."""
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = Pool(Requirement(builder, context))
            for worker in sorted(self._workers.values(), key=lambda each: each.load):
                pool.admit(worker)
        return pool

    def drop(self, key: RequirementKey) -> None:
        """Forget a pool that has no queues any more."""
        pool = self._pools.pop(key)
        for worker in self._workers.values():
            worker.pools.pop(pool, None)

    def capacity_of(self, name: str) -> WorkerCapacity:
        """The slots of the worker with this name."""
        return self._workers.setdefault(name, WorkerCapacity(name))

    def set_worker(self, name: str, view: WorkerView, slots: int) -> list[Pool]:
        """Take over how a worker looks and how many builds it may have; gives the pools in which it has room."""
        worker = self.capacity_of(name)
        worker.view, worker.slots = view, slots
        for pool in self._pools.values():
            pool.admit(worker)
        return list(worker.pools) if worker.free > 0 else []

    def take(self, name: str) -> None:
        """Count a build that goes to a worker."""
        self._count(name, 1)

    def give_back(self, name: str) -> list[Pool]:
        """Count a build that has left its worker; gives the pools in which the worker has room."""
        worker = self._count(name, -1)
        return list(worker.pools) if worker.free > 0 else []

    def _count(self, name: str, builds: int) -> WorkerCapacity:
        worker = self.capacity_of(name)
        worker.used += builds
        for pool in worker.pools:
            pool.refresh(worker)
            if builds > 0 and name in pool.free:
                pool.free.move_to_end(name)
        return worker
