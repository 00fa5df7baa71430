"""All queues, and the order in which they get their turns."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import count

from buildledger.config.resolved import Builder
from buildledger.events.ids import RequestId
from buildledger.reactors.builds.contexts import Contexts
from buildledger.reactors.scheduling.pools import Pool, Pools, Turn, Wanted, wanted
from buildledger.reactors.scheduling.queues import Queue
from buildledger.reactors.state.shared import OpenRequest


class Waiting:
    """The requests that wait under one configuration. Looks only at pools in which a request or a slot is new."""

    def __init__(self, pools: Pools, contexts: Contexts, digest: str) -> None:
        self._pools = pools
        self._contexts = contexts
        self._digest = digest
        self._numbers = count()
        self._queues: dict[int, Queue] = {}
        self._queue_for: dict[tuple[str, Wanted], Queue] = {}
        self._only_queue: dict[str, Queue] = {}
        """Of builders whose choice of a worker doesn't depend on the request."""
        self._queue_of: dict[RequestId, Queue] = {}
        self._stirred: dict[Pool, None] = {}
        self._virtual_time = 0.0

    def add(self, builder: Builder, request: OpenRequest) -> None:
        """Let a request wait, or take its new priority."""
        queue = self._queue_of.get(request.request_id) or self._queue(builder, request)
        if queue.first() is None:
            queue.served = max(queue.served, self._virtual_time)
        queue.add(request)
        self._queue_of[request.request_id] = queue
        self._line_up(queue)

    def remove(self, request: OpenRequest) -> None:
        """It doesn't wait any more."""
        if (queue := self._queue_of.pop(request.request_id, None)) is not None:
            queue.remove(request)

    def stir(self, pools: Iterable[Pool]) -> None:
        """These pools have room again."""
        self._stirred.update(dict.fromkeys(pools))

    def ask_again(self, queues: Iterable[int]) -> None:
        """What these queues waited for apart from a worker may be there now."""
        for number in queues:
            if (queue := self._queues.get(number)) is not None:
                self._line_up(queue)

    def without_room(self) -> Iterator[Queue]:
        """The queues in which something waits and whose pools have no room."""
        for queue in self._queues.values():
            if not queue.pool.free and queue.first() is not None:
                yield queue

    def turns(self) -> Iterator[Queue]:
        """The queues whose turn it is, as long as their pools have room; each is served or set aside."""
        if not self._stirred:
            return
        pools, self._stirred = self._stirred, {}
        line: list[tuple[Turn, int, Pool]] = []
        for number, pool in enumerate(pools):
            self._stand(line, number, pool)
        while line:
            turn, number, pool = heapq.heappop(line)
            if pool.free:
                queue = self._queues[turn.queue]
                self._drop_first(pool, queue)
                yield queue
            self._stand(line, number, pool)
        self._stirred.clear()

    def take(self, queue: Queue) -> list[OpenRequest]:
        """Take out what one build can answer, oldest first."""
        first = queue.first()
        assert first is not None, "only queues in which something waits have a turn"
        together = queue.served_together(first)
        for request in together:
            self.remove(request)
        self._virtual_time = max(self._virtual_time, queue.served)
        queue.served += 1.0
        self._line_up(queue)
        self._retire(queue)
        return together

    def _queue(self, builder: Builder, request: OpenRequest) -> Queue:
        if (only := self._only_queue.get(builder.name)) is not None:
            return only
        context = self._contexts.of_request(self._digest, builder, request.submitted)
        wish = wanted(builder, context)
        queue = self._queue_for.get((builder.name, wish))
        if queue is None:
            pool = self._pools.pool_for(builder, wish, context)
            pool.queues += 1
            queue = self._queue_for[builder.name, wish] = Queue(next(self._numbers), builder, wish, pool)
            self._queues[queue.number] = queue
            if not pool.passing:
                self._only_queue[builder.name] = queue
        return queue

    def _line_up(self, queue: Queue) -> None:
        if (turn := queue.turn()) is not None:
            self._stirred[queue.pool] = None
            if turn != queue.lined_up:
                queue.lined_up = turn
                queue.pool.line_up(turn)

    def _stand(self, line: list[tuple[Turn, int, Pool]], number: int, pool: Pool) -> None:
        """Put a pool into the line by its first turn that still holds, if it has room at all."""
        while pool.free and (turn := pool.first()) is not None:
            queue = self._queues.get(turn.queue)
            if queue is None:
                pool.drop_first()
            elif turn == queue.turn():
                heapq.heappush(line, (turn, number, pool))
                return
            else:
                self._drop_first(pool, queue)
                if queue.lined_up is None:
                    self._line_up(queue)

    def _drop_first(self, pool: Pool, queue: Queue) -> None:
        if pool.first() == queue.lined_up:
            queue.lined_up = None
        pool.drop_first()

    def _retire(self, queue: Queue) -> None:
        """Forget an empty queue if no request like the ones it had may ever come again."""
        if queue.pool.passing and queue.first() is None:
            del self._queues[queue.number]
            del self._queue_for[queue.builder.name, queue.wish]
            queue.pool.queues -= 1
            if not queue.pool.queues:
                self._pools.drop(queue.wish)
