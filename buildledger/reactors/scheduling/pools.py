"""Pools of workers: one for all builders that ask the same of their worker."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from typing import NamedTuple

from buildledger.config.evaluation.evaluate import Context, WorkerView
from buildledger.config.evaluation.placement import Requirement, RequirementKey
from buildledger.config.resolved import Builder
from buildledger.config.values import Expression
from buildledger.reactors.scheduling.picks import WorkerCapacity, WorkerOrder, order_for


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
        self._orders: dict[str, WorkerOrder] = {}
        """Of its workers with room, each made when a builder first asks for it."""
        self._ranks: list[QueueRank] = []

    def admit(self, worker: WorkerCapacity) -> bool:
        """Take a worker in or leave it out, as its view and its slots are; gives whether it is in."""
        if worker.slots > 0 and self.requirement.fits(worker.view):
            self.members.add(worker.name)
            self.refresh(worker)
            return True
        self.members.discard(worker.name)
        self._take_out(worker)
        return False

    def refresh(self, worker: WorkerCapacity) -> None:
        """Note how a worker of its own stands: whether it has room, and how much."""
        if worker.free <= 0:
            self._take_out(worker)
            return
        self.free.setdefault(worker.name, worker)
        for order in self._orders.values():
            order.put(worker)

    def _take_out(self, worker: WorkerCapacity) -> None:
        self.free.pop(worker.name, None)
        for order in self._orders.values():
            order.drop(worker.name)

    def choose(self, pick: str | Expression, preferred: str | None, excluded: str | None) -> WorkerCapacity:
        """A worker with room, the first in the order of `pick`; the excluded one only if there is no other.

        `same-as-last`: the preferred one, unless one that has been given nothing for longest has a smaller load.
        """
        if pick not in ("same-as-last", "longest-idle"):
            return self.free[self._order(pick).first(excluded)]
        worker = next(iter(self.free.values()))
        if worker.name == excluded and len(self.free) > 1:
            worker = next(other for other in self.free.values() if other.name != excluded)
        if pick == "same-as-last" and preferred is not None and preferred != excluded:
            known = self.free.get(preferred)
            if known is not None and known.load <= worker.load:
                worker = known
        return worker

    def _order(self, pick: str | Expression) -> WorkerOrder:
        name = pick if isinstance(pick, str) else f"expr {pick.source}"
        order = self._orders.get(name)
        if order is None:
            order = self._orders[name] = order_for(pick)
            for worker in self.free.values():
                order.put(worker)
        return order

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
        self._pools_of: dict[str, dict[Pool, None]] = {}
        """The pools that each worker belongs to."""
        self._given = 0
        """How many builds were given to workers."""

    def pool_for(self, key: RequirementKey, builder: Builder, context: Context) -> Pool:
        """The pool for a requirement; looks at every worker if it is the first of its kind."""
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = Pool(Requirement(builder, context))
            for worker in sorted(self._workers.values(), key=lambda each: each.load):
                self._admit(pool, worker)
        return pool

    def drop(self, key: RequirementKey) -> None:
        """Forget a pool that has no queues any more."""
        pool = self._pools.pop(key)
        for name in pool.members:
            self._pools_of[name].pop(pool, None)

    def capacity_of(self, name: str) -> WorkerCapacity:
        """The slots of the worker with this name."""
        return self._workers.setdefault(name, WorkerCapacity(name))

    def set_worker(self, name: str, view: WorkerView, slots: int) -> list[Pool]:
        """Take over how a worker looks and how many builds it may have; gives the pools in which it has room."""
        worker = self.capacity_of(name)
        worker.view, worker.slots = view, slots
        for pool in self._pools.values():
            self._admit(pool, worker)
        return self._with_room(worker)

    def take(self, name: str) -> None:
        """Count a build that goes to a worker."""
        self._given += 1
        worker = self.capacity_of(name)
        worker.given = self._given
        self._count(worker, 1)
        for pool in self._pools_of.get(name, ()):
            if name in pool.free:
                pool.free.move_to_end(name)

    def give_back(self, name: str) -> list[Pool]:
        """Count a build that has left its worker; gives the pools in which the worker has room."""
        worker = self.capacity_of(name)
        self._count(worker, -1)
        return self._with_room(worker)

    def _count(self, worker: WorkerCapacity, builds: int) -> None:
        worker.used += builds
        for pool in self._pools_of.get(worker.name, ()):
            pool.refresh(worker)

    def _with_room(self, worker: WorkerCapacity) -> list[Pool]:
        return list(self._pools_of.get(worker.name, ())) if worker.free > 0 else []

    def _admit(self, pool: Pool, worker: WorkerCapacity) -> None:
        if pool.admit(worker):
            self._pools_of.setdefault(worker.name, {})[pool] = None
        else:
            self._pools_of.get(worker.name, {}).pop(pool, None)
