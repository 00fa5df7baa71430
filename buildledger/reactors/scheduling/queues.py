"""One queue: requests of one builder that ask the same of their worker."""

from __future__ import annotations

import heapq

from buildledger.config.evaluation.placement import RequirementKey
from buildledger.config.resolved import Builder
from buildledger.events.ids import RequestId
from buildledger.reactors.scheduling.pools import Pool, QueueRank
from buildledger.reactors.state.requests import OpenRequest


class Queue:
    """Waiting requests, the highest priority first, then the oldest; those that one build can answer go together."""

    def __init__(
        self, number: int, builder: Builder, key: RequirementKey, pool: Pool, pipeline: str | None = None
    ) -> None:
        self.number = number
        self.builder = builder
        self.key = key
        self.pool = pool
        self.pipeline = pipeline
        """The digest of the repository's pipeline that has the builder; None: the configuration has it."""
        self.served = 0.0
        """Its virtual time: see `QueueRank`."""
        self.last_worker: str | None = None
        """The worker of its last build, which has a clone already."""
        self.enqueued: QueueRank | None = None
        """The newest of its ranks that the pool has."""
        self._waiting: dict[RequestId, OpenRequest] = {}
        self._order: list[tuple[int, int, RequestId]] = []
        self._by_collapse_key: dict[str, dict[RequestId, None]] = {}
        self._without_collapse_key = 0

    @property
    def builds(self) -> int:
        """How many builds would answer all requests that wait."""
        return self._without_collapse_key + len(self._by_collapse_key)

    def add(self, request: OpenRequest) -> None:
        """Let a request wait, or take over its new priority."""
        known = request.request_id in self._waiting
        self._waiting[request.request_id] = request
        heapq.heappush(self._order, (-request.priority, request.position, request.request_id))
        if (key := request.submitted.collapse_key) is not None:
            self._by_collapse_key.setdefault(key, {})[request.request_id] = None
        elif not known:
            self._without_collapse_key += 1

    def remove(self, request: OpenRequest) -> None:
        """Take a request out; without effect if it doesn't wait here."""
        if self._waiting.pop(request.request_id, None) is None:
            return
        if (key := request.submitted.collapse_key) is None:
            self._without_collapse_key -= 1
            return
        together = self._by_collapse_key[key]
        del together[request.request_id]
        if not together:
            del self._by_collapse_key[key]

    def first(self) -> OpenRequest | None:
        """The request that is next; None if none waits."""
        while self._order:
            urgency, _, request_id = self._order[0]
            request = self._waiting.get(request_id)
            if request is not None and -urgency == request.priority:
                return request
            heapq.heappop(self._order)
        return None

    def rank(self) -> QueueRank | None:
        """Its place among all queues; None if nothing waits."""
        first = self.first()
        return None if first is None else QueueRank(-first.priority, self.served, first.position, self.number)

    def served_together(self, first: OpenRequest) -> list[OpenRequest]:
        """All requests that one build can answer with `first`, oldest first; the newest of them says what is built."""
        key = first.submitted.collapse_key
        if key is None:
            return [first]
        found = (self._waiting[other] for other in self._by_collapse_key[key])
        return sorted(found, key=lambda request: request.position)
