"""Which workers may run which builders, and who has a free slot. Builders with the same wish share one pool."""

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

Wanted = bytes
"""What builders want of their workers, comparable."""


class Turn(NamedTuple):
    """A builder's place in the order: what is smaller comes first."""

    urgency: int
    """The negative priority of its first request."""
    served: float
    """Its virtual time: grows with each build it gets, so that builders of equal priority take turns."""
    age: int
    """Where its first request was submitted."""
    queue: int
    """The number of the queue that waits."""


class Slots:
    """One worker's room for builds."""

    __slots__ = ("builds", "capacity", "name", "pools", "view")

    def __init__(self, name: str) -> None:
        self.name = name
        self.capacity = 0
        """0 while it may get nothing."""
        self.builds = 0
        self.view = WorkerView()
        self.pools: dict[Pool, None] = {}
        """Those that it belongs to."""

    @property
    def free(self) -> int:
        """How many more builds it may get."""
        return self.capacity - self.builds

    @property
    def load(self) -> float:
        """How busy it is, from 0 to 1."""
        return self.builds / self.capacity if self.capacity else 1.0


class Pool:
    """Builders with the same wish for a worker, and the workers that grant it."""

    def __init__(self, builder: Builder, context: Context) -> None:
        self._builder = builder
        """Any of them: they wish the same."""
        self._context = context
        self._variables = mentioned(builder.worker.source) if builder.worker is not None else frozenset()
        self.passing = any(not name.startswith(("matrix.", "worker.")) for name in self._variables)
        """What is wanted depends on the request, so there may be no second one like it."""
        self.queues = 0
        """How many wait in it."""
        self._verdicts: dict[object, bool] = {}
        self.free: OrderedDict[str, Slots] = OrderedDict()
        """Those with room, the one that was given a build longest ago first."""
        self._turns: list[Turn] = []

    def admit(self, slots: Slots) -> None:
        """See whether a worker belongs here, and whether it has room."""
        if slots.capacity > 0 and self.fits(slots.view):
            slots.pools[self] = None
            self.refresh(slots)
        else:
            slots.pools.pop(self, None)
            self.free.pop(slots.name, None)

    def fits(self, view: WorkerView) -> bool:
        """Whether a worker may run the builders; asked once for all that look the same to the expression."""
        looks = (
            view.name if "worker.name" in self._variables else None,
            view.capacity if "worker.capacity" in self._variables else None,
            frozenset(view.labels.items()) if "worker.labels" in self._variables else None,
        )
        verdict = self._verdicts.get(looks)
        if verdict is None:
            context = msgspec.structs.replace(self._context, worker=view)
            verdict = self._verdicts[looks] = evaluate.worker_fits(self._builder, context)
        return verdict

    def refresh(self, slots: Slots) -> None:
        """Note whether a member has room."""
        if slots.free > 0:
            self.free.setdefault(slots.name, slots)
        else:
            self.free.pop(slots.name, None)

    def choose(self, favourite: str | None, avoided: str | None) -> Slots:
        """A worker with room: the favourite unless it is busier than the next in turn; the avoided only if need be."""
        slots = next(iter(self.free.values()))
        if slots.name == avoided and len(self.free) > 1:
            slots = next(other for other in self.free.values() if other.name != avoided)
        if favourite is not None and favourite != avoided:
            known = self.free.get(favourite)
            if known is not None and known.load <= slots.load:
                slots = known
        return slots

    def line_up(self, turn: Turn) -> None:
        """Let a builder wait for its turn; it may stand in line more than once."""
        heapq.heappush(self._turns, turn)

    def first(self) -> Turn | None:
        """Who may be next; it has to be asked whether that still holds."""
        return self._turns[0] if self._turns else None

    def drop_first(self) -> None:
        """Take the first out of the line."""
        heapq.heappop(self._turns)


class Pools:
    """All of them, made when a builder first needs one."""

    def __init__(self) -> None:
        self._pools: dict[Wanted, Pool] = {}
        self._slots: dict[str, Slots] = {}

    def pool_for(self, builder: Builder, wish: Wanted, context: Context) -> Pool:
        """The pool for a wish; costs a look at every worker when it is the first of its kind."""
        pool = self._pools.get(wish)
        if pool is None:
            pool = self._pools[wish] = Pool(builder, context)
            for slots in sorted(self._slots.values(), key=lambda each: each.load):
                pool.admit(slots)
        return pool

    def drop(self, wish: Wanted) -> None:
        """Nobody wants this any more."""
        pool = self._pools.pop(wish)
        for slots in self._slots.values():
            slots.pools.pop(pool, None)

    def slots(self, worker: str) -> Slots:
        """A worker's room."""
        return self._slots.setdefault(worker, Slots(worker))

    def set_worker(self, worker: str, view: WorkerView, capacity: int) -> list[Pool]:
        """A worker came, went or changed; gives the pools in which it has room."""
        slots = self.slots(worker)
        slots.view, slots.capacity = view, capacity
        for pool in self._pools.values():
            pool.admit(slots)
        return list(slots.pools) if slots.free > 0 else []

    def take(self, worker: str) -> None:
        """A build goes to a worker."""
        self._count(worker, 1)

    def give_back(self, worker: str) -> list[Pool]:
        """A build left its worker; gives the pools in which it has room."""
        slots = self._count(worker, -1)
        return list(slots.pools) if slots.free > 0 else []

    def _count(self, worker: str, builds: int) -> Slots:
        slots = self.slots(worker)
        slots.builds += builds
        for pool in slots.pools:
            pool.refresh(slots)
            if builds > 0 and worker in pool.free:
                pool.free.move_to_end(worker)
        return slots


def wanted(builder: Builder, context: Context) -> Wanted:
    """What a builder wants of its worker: equal where the choice can't differ."""
    if builder.worker is None:
        return b""
    names = sorted(name for name in mentioned(builder.worker.source) if not name.startswith("worker."))
    return msgspec.json.encode((builder.worker, [(name, _value(context, *name.split(".", 1))) for name in names]))


def _value(context: Context, root: str, field: str) -> object:
    holder = getattr(context, root)
    return holder.get(field) if isinstance(holder, Mapping) else getattr(holder, field, None)
