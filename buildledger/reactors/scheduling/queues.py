"""What waits, builder by builder: who is first, and who can be served together."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from buildledger.config.resolved import Builder
from buildledger.events.ids import RequestId
from buildledger.reactors.scheduling.pools import Pool, QueueRank, RequirementKey
from buildledger.reactors.state.shared import OpenRequest


class Queue:
    """Requests of one builder that want the same of their worker: the highest priority first, then the oldest."""

    def __init__(self, number: int, builder: Builder, requirement: RequirementKey, pool: Pool) -> None:
        self.number = number
        self.builder = builder
        self.requirement = requirement
        self.pool = pool
        self.served = 0.0
        """The builder's virtual time."""
        self.last_worker: str | None = None
        """Where it was built last: there is a warm clone."""
        self.enqueued: QueueRank | None = None
        """Its newest place in the pool's line."""
        self._waiting: dict[RequestId, OpenRequest] = {}
        self._order: list[tuple[int, int, RequestId]] = []
        self._together: dict[str, dict[RequestId, None]] = {}
        self._alone = 0
        """How many have no key."""

    @property
    def builds(self) -> int:
        """How many builds it would take to serve all that wait."""
        return self._alone + len(self._together)

    def add(self, request: OpenRequest) -> None:
        """Let a request wait, or take its new priority."""
        known = request.request_id in self._waiting
        self._waiting[request.request_id] = request
        heapq.heappush(self._order, (-request.priority, request.position, request.request_id))
        if (key := request.submitted.collapse_key) is not None:
            self._together.setdefault(key, {})[request.request_id] = None
        elif not known:
            self._alone += 1

    def remove(self, request: OpenRequest) -> None:
        """It doesn't wait any more."""
        if self._waiting.pop(request.request_id, None) is None:
            return
        if (key := request.submitted.collapse_key) is None:
            self._alone -= 1
            return
        together = self._together[key]
        del together[request.request_id]
        if not together:
            del self._together[key]

    def first(self) -> OpenRequest | None:
        """Who is next."""
        while self._order:
            urgency, _, request_id = self._order[0]
            request = self._waiting.get(request_id)
            if request is not None and -urgency == request.priority:
                return request
            heapq.heappop(self._order)
        return None

    def rank(self) -> QueueRank | None:
        """The builder's place in the order; None when nothing waits."""
        first = self.first()
        return None if first is None else QueueRank(-first.priority, self.served, first.position, self.number)

    def served_together(self, first: OpenRequest) -> list[OpenRequest]:
        """All that one build can answer, oldest first; the newest of them says what is built."""
        key = first.submitted.collapse_key
        if key is None:
            return [first]
        return sorted((self._waiting[other] for other in self._together[key]), key=lambda request: request.position)


class Locks:
    """How much of each lock is taken."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._free = dict(counts)
        self._waiting: dict[str, dict[int, None]] = {}

    def lacking(self, builder: Builder) -> str | None:
        """A lock that the builder can't have for the moment."""
        for use in builder.locks:
            if self._free.get(use.lock, 0) < use.take:
                return use.lock
        return None

    def room(self, builder: Builder) -> int | None:
        """How many builds could have their locks at this moment; None: the builder takes none."""
        return min((self._free.get(use.lock, 0) // use.take for use in builder.locks), default=None)

    def wait(self, lock: str, queue: int) -> None:
        """Remember which queue is to be asked again when something of the lock is given back."""
        self._waiting.setdefault(lock, {})[queue] = None

    def take(self, builder: Builder) -> None:
        """A build begins."""
        for use in builder.locks:
            self._free[use.lock] = self._free.get(use.lock, 0) - use.take

    def give_back(self, builder: Builder) -> list[int]:
        """A build is over; gives the queues that waited for what it had."""
        waited: dict[int, None] = {}
        for use in builder.locks:
            self._free[use.lock] = self._free.get(use.lock, 0) + use.take
            waited |= self._waiting.pop(use.lock, {})
        return list(waited)
