"""All queues, and the order in which they get their turns."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import count

from buildledger.config.resolved import Builder
from buildledger.events.ids import RequestId
from buildledger.reactors.builds.contexts import EvaluationContexts
from buildledger.reactors.scheduling.pools import Pool, Pools, QueueRank, RequirementKey, requirement_key
from buildledger.reactors.scheduling.queues import Queue
from buildledger.reactors.state.shared import OpenRequest


class ReadyQueues:
    """The requests that wait under one configuration. Looks only at pools in which a request or a slot is new."""

    def __init__(self, pools: Pools, contexts: EvaluationContexts, digest: str) -> None:
        self._pools = pools
        self._contexts = contexts
        self._digest = digest
        self._numbers = count()
        self._queues: dict[int, Queue] = {}
        self._queue_for: dict[tuple[str, RequirementKey], Queue] = {}
        self._only_queue: dict[str, Queue] = {}
        """Of builders whose choice of a worker doesn't depend on the request."""
        self._queue_of: dict[RequestId, Queue] = {}
        self._ready_pools: dict[Pool, None] = {}
        self._virtual_time = 0.0

    def add(self, builder: Builder, request: OpenRequest) -> None:
        """Let a request wait, or take its new priority."""
        queue = self._queue_of.get(request.request_id) or self._queue(builder, request)
        if queue.first() is None:
            queue.served = max(queue.served, self._virtual_time)
        queue.add(request)
        self._queue_of[request.request_id] = queue
        self._enqueue(queue)

    def remove(self, request: OpenRequest) -> None:
        """It doesn't wait any more."""
        if (queue := self._queue_of.pop(request.request_id, None)) is not None:
            queue.remove(request)

    def mark_ready(self, pools: Iterable[Pool]) -> None:
        """These pools have room again."""
        self._ready_pools.update(dict.fromkeys(pools))

    def requeue(self, queues: Iterable[int]) -> None:
        """What these queues waited for apart from a worker may be there now."""
        for number in queues:
            if (queue := self._queues.get(number)) is not None:
                self._enqueue(queue)

    def without_capacity(self) -> Iterator[Queue]:
        """The queues in which something waits and whose pools have no room."""
        for queue in self._queues.values():
            if not queue.pool.free and queue.first() is not None:
                yield queue

    def ready(self) -> Iterator[Queue]:
        """The queues whose rank it is, as long as their pools have room; each is served or set aside."""
        if not self._ready_pools:
            return
        pools, self._ready_pools = self._ready_pools, {}
        line: list[tuple[QueueRank, int, Pool]] = []
        for number, pool in enumerate(pools):
            self._push_head(line, number, pool)
        while line:
            rank, number, pool = heapq.heappop(line)
            if pool.free:
                queue = self._queues[rank.queue]
                self._drop_first(pool, queue)
                yield queue
            self._push_head(line, number, pool)
        self._ready_pools.clear()

    def take(self, queue: Queue) -> list[OpenRequest]:
        """Take out what one build can answer, oldest first."""
        first = queue.first()
        assert first is not None, "only queues in which something waits have a turn"
        together = queue.served_together(first)
        for request in together:
            self.remove(request)
        self._virtual_time = max(self._virtual_time, queue.served)
        queue.served += 1.0
        self._enqueue(queue)
        self._retire(queue)
        return together

    def _queue(self, builder: Builder, request: OpenRequest) -> Queue:
        if (only := self._only_queue.get(builder.name)) is not None:
            return only
        context = self._contexts.of_request(self._digest, builder, request.submitted)
        requirement = requirement_key(builder, context)
        queue = self._queue_for.get((builder.name, requirement))
        if queue is None:
            pool = self._pools.pool_for(builder, requirement, context)
            pool.queues += 1
            queue = self._queue_for[builder.name, requirement] = Queue(next(self._numbers), builder, requirement, pool)
            self._queues[queue.number] = queue
            if not pool.per_request:
                self._only_queue[builder.name] = queue
        return queue

    def _enqueue(self, queue: Queue) -> None:
        if (rank := queue.rank()) is not None:
            self._ready_pools[queue.pool] = None
            if rank != queue.enqueued:
                queue.enqueued = rank
                queue.pool.enqueue(rank)

    def _push_head(self, line: list[tuple[QueueRank, int, Pool]], number: int, pool: Pool) -> None:
        """Put a pool into the line by its first rank that still holds, if it has room at all."""
        while pool.free and (rank := pool.first()) is not None:
            queue = self._queues.get(rank.queue)
            if queue is None:
                pool.drop_first()
            elif rank == queue.rank():
                heapq.heappush(line, (rank, number, pool))
                return
            else:
                self._drop_first(pool, queue)
                if queue.enqueued is None:
                    self._enqueue(queue)

    def _drop_first(self, pool: Pool, queue: Queue) -> None:
        if pool.first() == queue.enqueued:
            queue.enqueued = None
        pool.drop_first()

    def _retire(self, queue: Queue) -> None:
        """Forget an empty queue if no request like the ones it had may ever come again."""
        if queue.pool.per_request and queue.first() is None:
            del self._queues[queue.number]
            del self._queue_for[queue.builder.name, queue.requirement]
            queue.pool.queues -= 1
            if not queue.pool.queues:
                self._pools.drop(queue.requirement)
