"""Which of several workers with room gets a build: the orders that builders may give them by `pick`."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

from buildledger.config.evaluation.evaluate import WorkerView, preference
from buildledger.config.values import Expression

Key = tuple[float, float, str]
"""A worker's place in an order; the smallest is first."""
STALE_MAX = 64
"""Places that don't hold any more and are kept, beside as many as there are workers, until all are thrown away."""


class WorkerCapacity:
    """One worker's slots for builds, and how many of them are used."""

    __slots__ = ("given", "name", "slots", "used", "view")

    def __init__(self, name: str) -> None:
        self.name = name
        self.slots = 0
        """How many builds it may have; 0 while it is given none."""
        self.used = 0
        self.given = 0
        """Which assignment was its last one; 0: it had none."""
        self.view = WorkerView()

    @property
    def free(self) -> int:
        """How many more builds it may have."""
        return self.slots - self.used

    @property
    def load(self) -> float:
        """The share of its slots that is used, from 0 to 1."""
        return self.used / self.slots if self.slots else 1.0


class WorkerOrder:
    """Workers with room in one order: knows the first without looking at the others."""

    def __init__(self, key: Callable[[WorkerCapacity], Key]) -> None:
        self._key = key
        self._places: dict[str, tuple[Key, int]] = {}
        """Where each worker stands, with the number of the entry that says so."""
        self._heap: list[tuple[Key, int, str]] = []
        """Entries, also those that don't hold any more."""
        self._numbers = count()

    def put(self, worker: WorkerCapacity) -> None:
        """Note where a worker stands that has room."""
        key = self._key(worker)
        known = self._places.get(worker.name)
        if known is not None and known[0] == key:
            return
        number = next(self._numbers)
        self._places[worker.name] = key, number
        heapq.heappush(self._heap, (key, number, worker.name))
        if len(self._heap) > 2 * len(self._places) + STALE_MAX:
            self._heap = [(place, entry, name) for name, (place, entry) in self._places.items()]
            heapq.heapify(self._heap)

    def drop(self, name: str) -> None:
        """Note that a worker has no room; without effect on one that had none."""
        self._places.pop(name, None)

    def first(self, excluded: str | None) -> str:
        """The name of the first; the excluded one only if there is no other. There has to be one."""
        first = self._top()
        if first != excluded or len(self._places) == 1:
            return first
        aside = heapq.heappop(self._heap)
        second = self._top()
        heapq.heappush(self._heap, aside)
        return second

    def _top(self) -> str:
        while True:
            _, number, name = self._heap[0]
            known = self._places.get(name)
            if known is not None and known[1] == number:
                return name
            heapq.heappop(self._heap)


def order_for(pick: str | Expression) -> WorkerOrder:
    """The order that a builder's `pick` gives workers; not for `same-as-last` and `longest-idle`, which need none."""
    match pick:
        case Expression():
            return WorkerOrder(_Preference(pick).key)
        case "least-busy":
            return WorkerOrder(lambda worker: (worker.load, worker.given, worker.name))
        case "most-busy":
            return WorkerOrder(lambda worker: (-worker.load, 0, worker.name))
        case _:
            raise ValueError(f"no order is called {pick}")


class _Preference:
    """The order of an expression, evaluated once for each look of a worker."""

    def __init__(self, expression: Expression) -> None:
        self._expression = expression
        self._known: dict[str, tuple[WorkerView, int | None]] = {}

    def key(self, worker: WorkerCapacity) -> Key:
        """The highest number is first; who has none, because it lacks a label that is asked for, is last."""
        known = self._known.get(worker.name)
        if known is None or known[0] is not worker.view:
            known = self._known[worker.name] = worker.view, preference(self._expression, worker.view)
        number = known[1]
        return (1, 0, worker.name) if number is None else (0, -number, worker.name)
