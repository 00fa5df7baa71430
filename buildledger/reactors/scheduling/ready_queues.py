"""All queues under one configuration, and the order in which they are served."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import count
from typing import NamedTuple

from buildledger.config.evaluation.placement import RequirementKey, requirement_key
from buildledger.config.resolved import Builder
from buildledger.events.ids import RequestId
from buildledger.reactors.builds.contexts import EvaluationContexts
from buildledger.reactors.scheduling.pools import Pool, Pools, QueueRank
from buildledger.reactors.scheduling.queues import Queue
from buildledger.reactors.state.requests import OpenRequest


class BuilderKey(NamedTuple):
    """A builder: each pipeline of a repository may have another one of the same name."""

    pipeline: str | None
    name: str


class ReadyQueues:
    """The requests that wait. Looks only at pools that are ready: in which a request or a worker's room is new."""

    def __init__(self, pools: Pools, contexts: EvaluationContexts, digest: str) -> None:
        self._pools = pools
        self._contexts = contexts
        self._digest = digest
        self._numbers = count()
        self._queues: dict[int, Queue] = {}
        self._queue_by_key: dict[tuple[BuilderKey, RequirementKey], Queue] = {}
        self._only_queue: dict[BuilderKey, Queue] = {}
        """Of each builder whose requests all ask the same of their worker."""
        self._queue_of: dict[RequestId, Queue] = {}
        self._ready_pools: dict[Pool, None] = {}
        self.virtual_time = 0.0
        """How far the queues have come: see `QueueRank`."""

    def queue_of(self, request_id: RequestId) -> Queue | None:
        """The queue in which a request waits; None if it doesn't wait."""
        return self._queue_of.get(request_id)

    def add(self, builder: Builder, request: OpenRequest) -> None:
        """Let a request wait, or take over its new priority."""
        queue = self._queue_of.get(request.request_id) or self.queue_for(builder, request)
        if queue.first() is None:
            queue.served = max(queue.served, self.virtual_time)
        queue.add(request)
        self._queue_of[request.request_id] = queue
        self._enqueue(queue)

    def queue_for(self, builder: Builder, request: OpenRequest) -> Queue:
        """The queue in which a request would wait."""
        pipeline = request.submitted.pipeline
        owner = BuilderKey(pipeline, builder.name)
        if (only := self._only_queue.get(owner)) is not None:
            return only
        digest = self._digest if pipeline is None else f"{self._digest} {pipeline}"
        context = self._contexts.of_request(digest, builder, request.submitted)
        key = requirement_key(builder, context)
        queue = self._queue_by_key.get((owner, key))
        if queue is None:
            pool = self._pools.pool_for(key, builder, context)
            pool.queues += 1
            queue = self._queue_by_key[owner, key] = Queue(next(self._numbers), builder, key, pool, pipeline)
            self._queues[queue.number] = queue
            if not pool.requirement.per_request:
                self._only_queue[owner] = queue
        return queue

    def remove(self, request: OpenRequest) -> None:
        """Take a request out; without effect if it doesn't wait."""
        if (queue := self._queue_of.pop(request.request_id, None)) is not None:
            queue.remove(request)

    def mark_ready(self, pools: Iterable[Pool]) -> None:
        """Look at these pools again: they have room."""
        self._ready_pools.update(dict.fromkeys(pools))

    def requeue(self, queues: Iterable[int]) -> None:
        """Look at the queues with these numbers again: a lock that they waited for was given back."""
        for number in queues:
            if (queue := self._queues.get(number)) is not None:
                self._enqueue(queue)

    def waiting_builders(self) -> Iterator[Builder]:
        """The builders of which something waits; one may come more than once."""
        return (queue.builder for queue in self._queues.values() if queue.first() is not None)

    def without_capacity(self) -> Iterator[Queue]:
        """The queues in which something waits and whose pools have no room."""
        for queue in self._queues.values():
            if not queue.pool.free and queue.first() is not None:
                yield queue

    def ready(self) -> Iterator[Queue]:
        """The queues to serve, in their order, as long as their pools have room.

        The caller takes requests out of each, or lets it wait for a lock, before it asks for the next.
        """
        if not self._ready_pools:
            return
        pools, self._ready_pools = self._ready_pools, {}
        heads: list[tuple[QueueRank, int, Pool]] = []
        for number, pool in enumerate(pools):
            self._push_head(heads, number, pool)
        while heads:
            rank, number, pool = heapq.heappop(heads)
            if pool.free:
                queue = self._queues[rank.queue]
                self._drop_first(pool, queue)
                yield queue
            self._push_head(heads, number, pool)
        self._ready_pools.clear()

    def take(self, queue: Queue) -> list[OpenRequest]:
        """Take out the requests that one build can answer, oldest first. Something has to wait in the queue."""
        first = queue.first()
        assert first is not None, "only queues in which something waits are served"
        together = queue.served_together(first)
        for request in together:
            self.remove(request)
        self.virtual_time = max(self.virtual_time, queue.served)
        queue.served += 1.0
        self._enqueue(queue)
        self._forget_if_empty(queue)
        return together

    def _enqueue(self, queue: Queue) -> None:
        if (rank := queue.rank()) is not None:
            self._ready_pools[queue.pool] = None
            if rank != queue.enqueued:
                queue.enqueued = rank
                queue.pool.enqueue(rank)

    def _push_head(self, heads: list[tuple[QueueRank, int, Pool]], number: int, pool: Pool) -> None:
        """Add a pool's first rank that still holds, if the pool has room."""
        while pool.free and (rank := pool.first()) is not None:
            queue = self._queues.get(rank.queue)
            if queue is None:
                pool.drop_first()
            elif rank == queue.rank():
                heapq.heappush(heads, (rank, number, pool))
                return
            else:
                self._drop_first(pool, queue)
                if queue.enqueued is None:
                    self._enqueue(queue)

    def _drop_first(self, pool: Pool, queue: Queue) -> None:
        if pool.first() == queue.enqueued:
            queue.enqueued = None
        pool.drop_first()

    def _forget_if_empty(self, queue: Queue) -> None:
        """Forget an empty queue of which there may never be a second request: its requirement or pipeline is rare."""
        if (queue.pool.requirement.per_request or queue.pipeline is not None) and queue.first() is None:
            owner = BuilderKey(queue.pipeline, queue.builder.name)
            del self._queues[queue.number]
            del self._queue_by_key[owner, queue.key]
            self._only_queue.pop(owner, None)
            queue.pool.queues -= 1
            if not queue.pool.queues:
                self._pools.drop(queue.key)
