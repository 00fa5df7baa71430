"""Which workers may run which builders, and who has a free slot. Builders with the same requirement share one pool."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from buildledger.config import evaluate
from buildledger.config.evaluate import Context, WorkerView
from buildledger.config.expressions import mentioned
from buildledger.config.resolved import Builder

RequirementKey = bytes
"""What builders want of their workers, comparable."""


class QueueRank(NamedTuple):
    """A builder's place in the order: what is smaller comes first."""

    urgency: int
    """The negative priority of its first request."""
    served: float
    """Its virtual time: grows with each build it gets, so that builders of equal priority take turns."""
    age: int
    """Where its first request was submitted."""
    queue: int
    """The number of the queue that waits."""


class WorkerCapacity:
    """One worker's room for builds."""

    __slots__ = ("capacity", "name", "pools", "used", "view")

    def __init__(self, name: str) -> None:
        self.name = name
        self.capacity = 0
        """0 while it may get nothing."""
        self.used = 0
        self.view = WorkerView()
        self.pools: dict[Pool, None] = {}
        """Those that it belongs to."""

    @property
    def free(self) -> int:
        """How many more builds it may get."""
        return self.capacity - self.used

    @property
    def load(self) -> float:
        """How busy it is, from 0 to 1."""
        return self.used / self.capacity if self.capacity else 1.0


class Pool:
    """Builders with the same requirement for a worker, and the workers that grant it."""

    def __init__(self, builder: Builder, context: Context) -> None:
        self._builder = builder
        """Any of them: their requirement is the same."""
        self._context = context
        self._variables = mentioned(builder.worker.source) if builder.worker is not None else frozenset()
        self.per_request = any(not name.startswith(("matrix.", "worker.")) for name in self._variables)
        """What is wanted depends on the request, so there may be no second one like it."""
        self.queues = 0
        """How many wait in it."""
        self._fits: dict[object, bool] = {}
        self.free: OrderedDict[str, WorkerCapacity] = OrderedDict()
        """Those with room, the one that was given a build longest ago first."""
        self._ranks: list[QueueRank] = []

    def admit(self, worker: WorkerCapacity) -> None:
        """See whether a worker belongs here, and whether it has room."""
        if worker.capacity > 0 and self.fits(worker.view):
            worker.pools[self] = None
            self.refresh(worker)
        else:
            worker.pools.pop(self, None)
            self.free.pop(worker.name, None)

    def fits(self, view: WorkerView) -> bool:
        """Whether a worker may run the builders; asked once for all that look the same to the expression."""
        seen = (
            view.name if "worker.name" in self._variables else None,
            view.capacity if "worker.capacity" in self._variables else None,
            frozenset(view.labels.items()) if "worker.labels" in self._variables else None,
        )
        fits = self._fits.get(seen)
        if fits is None:
            context = msgspec.structs.replace(self._context, worker=view)
            fits = self._fits[seen] = evaluate.worker_fits(self._builder, context)
        return fits

    def refresh(self, worker: WorkerCapacity) -> None:
        """Note whether a member has room."""
        if worker.free > 0:
            self.free.setdefault(worker.name, worker)
        else:
            self.free.pop(worker.name, None)

    def choose(self, preferred: str | None, excluded: str | None) -> WorkerCapacity:
        """A worker with room: the preferred unless it is busier than the next in turn; the excluded only if need be."""
        worker = next(iter(self.free.values()))
        if worker.name == excluded and len(self.free) > 1:
            worker = next(other for other in self.free.values() if other.name != excluded)
        if preferred is not None and preferred != excluded:
            known = self.free.get(preferred)
            if known is not None and known.load <= worker.load:
                worker = known
        return worker

    def enqueue(self, rank: QueueRank) -> None:
        """Let a builder wait for its turn; it may stand in line more than once."""
        heapq.heappush(self._ranks, rank)

    def first(self) -> QueueRank | None:
        """Who may be next; it has to be asked whether that still holds."""
        return self._ranks[0] if self._ranks else None

    def drop_first(self) -> None:
        """Take the first out of the line."""
        heapq.heappop(self._ranks)


class Pools:
    """All of them, made when a builder first needs one."""

    def __init__(self) -> None:
        self._pools: dict[RequirementKey, Pool] = {}
        self._workers: dict[str, WorkerCapacity] = {}

    def pool_for(self, builder: Builder, requirement: RequirementKey, context: Context) -> Pool:
        """The pool for a requirement; costs a look at every worker when it is the first of its kind."""
        pool = self._pools.get(requirement)
        if pool is None:
            pool = self._pools[requirement] = Pool(builder, context)
            for worker in sorted(self._workers.values(), key=lambda each: each.load):
                pool.admit(worker)
        return pool

    def drop(self, requirement: RequirementKey) -> None:
        """Nobody wants this any more."""
        pool = self._pools.pop(requirement)
        for worker in self._workers.values():
            worker.pools.pop(pool, None)

    def capacity_of(self, name: str) -> WorkerCapacity:
        """The room of the worker with this name."""
        return self._workers.setdefault(name, WorkerCapacity(name))

    def set_worker(self, name: str, view: WorkerView, capacity: int) -> list[Pool]:
        """Take over how a worker looks and how many builds it may have; gives the pools in which it has room."""
        worker = self.capacity_of(name)
        worker.view, worker.capacity = view, capacity
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


def requirement_key(builder: Builder, context: Context) -> RequirementKey:
    """What a builder wants of its worker: equal where the choice can't differ."""
    if builder.worker is None:
        return b""
    names = sorted(name for name in mentioned(builder.worker.source) if not name.startswith("worker."))
    return msgspec.json.encode((builder.worker, [(name, _value(context, *name.split(".", 1))) for name in names]))


def _value(context: Context, root: str, field: str) -> object:
    holder = getattr(context, root)
    return holder.get(field) if isinstance(holder, Mapping) else getattr(holder, field, None)
