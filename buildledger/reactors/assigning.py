"""Gives waiting requests to workers: by labels and room, priority, turn and age, within the locks."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from buildledger.config.resolved import Builder, Configuration
from buildledger.domain.build import AssignBuild
from buildledger.domain.command import Command
from buildledger.domain.request import CancelRequest, ClaimRequest, CollapseRequest, FinishRequest
from buildledger.events import build, config, request
from buildledger.events import worker as comings
from buildledger.events.build import BuildAssigned
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import BuildId, ChangeId, RequestId, WorkerId
from buildledger.events.ids import build_id as build_id_of
from buildledger.events.results import Result
from buildledger.reactors.contexts import Contexts, worker_view
from buildledger.reactors.pools import Pool, Pools, Turn, Wanted, wanted
from buildledger.reactors.queues import Locks, Queue
from buildledger.reactors.reactor import Fold, Wish
from buildledger.reactors.running import Running
from buildledger.reactors.work import KnownWorker, OpenRequest, Work

LEFT_BEHIND = "the request that it was collapsed into was answered without a build"


class Place(NamedTuple):
    """What a build takes while it is assigned."""

    worker: str
    builder: Builder | None
    """For its locks; None if its configuration doesn't have it."""
    requests: tuple[RequestId, ...]


class Assigning:
    """The queue. What it keeps beside the shared work is an index of it, so it is in no checkpoint."""

    name = "assigning"

    def __init__(self, work: Work, contexts: Contexts, running: Running) -> None:
        self._work = work
        self._contexts = contexts
        self._running = running
        self._configuration: Configuration | None = None
        self._pools = Pools()
        self._locks = Locks({})
        self._queues: dict[int, Queue] = {}
        """By their numbers."""
        self._queue_for: dict[tuple[str, Wanted], Queue] = {}
        self._numbers = count()
        self._queue_of: dict[RequestId, Queue] = {}
        """Where each request waits."""
        self._stirred: dict[Pool, None] = {}
        """Pools in which a request or a free slot is new."""
        self._placed: dict[BuildId, Place] = {}
        """Where the builds are that take slots and locks, also those that are still only wished for."""
        self._unwanted: dict[RequestId, str] = {}
        """Requests that nothing will ever build, and why."""
        self._virtual_time = 0.0
        self._fence = 0
        self._begun = False

    def folds(self) -> Mapping[type[Fact], Fold]:
        """See `Reactor`."""
        return {
            config.ConfigApplied: self._reconfigured,
            request.RequestSubmitted: self._waits,
            request.RequestPrioritised: self._waits,
            request.RequestReturned: self._waits,
            request.RequestClaimed: self._left,
            request.RequestCollapsed: self._left,
            request.RequestFinished: self._answered,
            build.BuildAssigned: self._assigned,
            build.BuildFinished: self._finished,
            comings.WorkerConnected: self._worker_changed,
            comings.WorkerDisconnected: self._worker_changed,
            comings.WorkerPaused: self._worker_changed,
            comings.WorkerResumed: self._worker_changed,
            comings.WorkerEnrolled: self._worker_changed,
            comings.WorkerRevoked: self._worker_changed,
        }

    def begin(self, now: datetime) -> None:
        """See `Reactor`: index everything that is open."""
        self._begun = True
        self._configuration = configuration = self._work.configurations.current
        if configuration is None:
            return
        self._pools, self._queues, self._queue_for, self._queue_of = Pools(), {}, {}, {}
        self._stirred, self._unwanted = {}, {}
        self._locks = Locks({lock.name: lock.count for lock in configuration.locks.values()})
        self._placed = {}
        for run in self._work.builds.values():
            self._place(run.build_id, run.assigned)
        for known in self._work.workers.values():
            self._set_worker(known)
        for waiting in self._work.requests.values():
            self._enqueue(waiting)
            if waiting.into is not None and waiting.into not in self._work.requests:
                self._unwanted[waiting.request_id] = LEFT_BEHIND

    def react(self, now: datetime) -> list[Wish]:
        """See `Reactor`."""
        wishes = [self._give_up(request_id, reason) for request_id, reason in self._drain_unwanted()]
        if not self._stirred:
            return wishes
        pools, self._stirred = self._stirred, {}
        line: list[tuple[Turn, int, Pool]] = []
        for number, pool in enumerate(pools):
            self._stand(line, number, pool)
        while line:
            turn, number, pool = heapq.heappop(line)
            if pool.free and (wish := self._serve(pool, self._queues[turn.queue])) is not None:
                wishes.append(wish)
            self._stand(line, number, pool)
        self._stirred.clear()
        return wishes

    def refused(self, subject: UUID | str) -> None:
        """See `Reactor`: take the assignment back, and let wait what still waits."""
        refused = UUID(str(subject))
        if (request := self._work.requests.get(RequestId(refused))) is not None:
            self._enqueue(request)
            return
        build_id = BuildId(refused)
        self._running.forget(build_id)
        place = self._placed.get(build_id)
        if place is not None and build_id not in self._work.builds:
            self._unplace(build_id)
            for request_id in place.requests:
                if (waiting := self._work.requests.get(request_id)) is not None:
                    self._enqueue(waiting)

    def next_at(self) -> datetime | None:
        """See `Reactor`: what waits, waits for a slot."""
        return None

    # folds

    def _reconfigured(self, recorded: Recorded, fact: config.ConfigApplied) -> None:
        if self._begun:
            self.begin(recorded.meta.recorded_at)

    def _waits(self, recorded: Recorded, fact: Any) -> None:
        if self._begun:
            self._enqueue(self._work.requests[RequestId(recorded.stream_id)])

    def _left(self, recorded: Recorded, fact: Any) -> None:
        self._dequeue(self._work.requests[RequestId(recorded.stream_id)])

    def _answered(self, recorded: Recorded, fact: Any) -> None:
        answered = self._work.answered
        assert answered is not None
        self._dequeue(answered)
        self._unwanted.pop(answered.request_id, None)
        for follower in answered.followers:
            if follower in self._work.requests:
                self._unwanted[follower] = LEFT_BEHIND

    def _assigned(self, recorded: Recorded, fact: BuildAssigned) -> None:
        if self._begun:
            self._place(BuildId(recorded.stream_id), fact)

    def _finished(self, recorded: Recorded, fact: Any) -> None:
        self._unplace(BuildId(recorded.stream_id))

    def _worker_changed(self, recorded: Recorded, fact: Any) -> None:
        if self._begun:
            self._set_worker(self._work.workers[WorkerId(recorded.stream_id)])

    # what waits

    def _enqueue(self, waiting: OpenRequest) -> None:
        if self._configuration is None or not waiting.waits:
            return
        builder = self._configuration.builders.get(waiting.submitted.builder)
        if builder is None:
            self._unwanted[waiting.request_id] = f"builder {waiting.submitted.builder!r} is not in the configuration"
            return
        queue = self._queue_of.get(waiting.request_id) or self._queue(builder, waiting)
        if queue.first() is None:
            queue.served = max(queue.served, self._virtual_time)
        queue.add(waiting)
        self._queue_of[waiting.request_id] = queue
        self._line_up(queue)

    def _queue(self, builder: Builder, waiting: OpenRequest) -> Queue:
        context = self._contexts.of_request(self._work.configurations.digest or "", builder, waiting.submitted)
        wish = wanted(builder, context)
        queue = self._queue_for.get((builder.name, wish))
        if queue is None:
            pool = self._pools.pool_for(builder, wish, context)
            queue = self._queue_for[builder.name, wish] = Queue(next(self._numbers), builder, wish, pool)
            self._queues[queue.number] = queue
        return queue

    def _dequeue(self, request: OpenRequest) -> None:
        if (queue := self._queue_of.pop(request.request_id, None)) is not None:
            queue.remove(request)

    def _line_up(self, queue: Queue) -> None:
        if (turn := queue.turn()) is not None:
            self._stirred[queue.pool] = None
            if turn != queue.lined_up:
                queue.lined_up = turn
                queue.pool.line_up(turn)

    def _drain_unwanted(self) -> Iterable[tuple[RequestId, str]]:
        unwanted, self._unwanted = self._unwanted, {}
        return ((request_id, why) for request_id, why in unwanted.items() if request_id in self._work.requests)

    def _give_up(self, request_id: RequestId, reason: str) -> Wish:
        request = self._work.requests[request_id]
        command: Command = (
            CancelRequest(request_id=request_id, reason=reason)
            if request.waits
            else FinishRequest(request_id=request_id, result=Result.CANCELLED, reason=reason)
        )
        return Wish((command,), request_id, request.causation_id, request.correlation_id)

    # who gets what

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

    def _serve(self, pool: Pool, queue: Queue) -> Wish | None:
        """Give the builder whose turn it is a worker."""
        self._drop_first(pool, queue)
        first = queue.first()
        if first is None:
            return None
        if (lock := self._locks.lacking(queue.builder)) is not None:
            self._locks.wait(lock, queue.number)
            return None
        together = queue.served_together(first)
        slots = pool.choose(queue.last_worker, together[-1].last_worker)
        for waiting in together:
            self._dequeue(waiting)
        self._virtual_time = max(self._virtual_time, queue.served)
        queue.served += 1.0
        queue.last_worker = slots.name
        wish = self._assignment(queue.builder, together, slots.name)
        self._line_up(queue)
        self._retire(queue)
        return wish

    def _retire(self, queue: Queue) -> None:
        """Forget an empty queue if no request like the ones it had may ever come again."""
        if queue.pool.passing and queue.first() is None:
            del self._queues[queue.number]
            del self._queue_for[queue.builder.name, queue.wish]
            if not any(other.pool is queue.pool for other in self._queues.values()):
                self._pools.drop(queue.wish)

    def _assignment(self, builder: Builder, together: list[OpenRequest], worker: str) -> Wish:
        newest = together[-1]
        attempt = newest.attempts + 1
        new = build_id_of(newest.request_id, attempt)
        self._fence = max(self._fence, self._work.fence) + 1
        served = [newest.request_id, *(older.request_id for older in together[:-1])]
        served.extend(follower for waiting in together for follower in waiting.followers)
        submitted = newest.submitted
        assigned = BuildAssigned(
            builder=builder.name,
            requests=tuple(served),
            attempt=attempt,
            worker=worker,
            fence=self._fence,
            stamps=submitted.stamps,
            changes=self._changes(served),
            reason=submitted.reason,
            requested_by=submitted.requested_by,
            inputs=submitted.inputs,
            config_digest=self._work.configurations.digest or "",
        )
        self._place(new, assigned)
        commands = (
            ClaimRequest(request_id=newest.request_id, build_id=new, attempt=attempt),
            *(CollapseRequest(request_id=older.request_id, into=newest.request_id) for older in together[:-1]),
            AssignBuild(build_id=new, assignment=assigned),
            *self._running.start(new, assigned),
        )
        return Wish(commands, new, newest.causation_id, newest.correlation_id)

    def _changes(self, served: list[RequestId]) -> tuple[ChangeId, ...]:
        """The changes of all requests that the build answers, each once, oldest request first."""
        if len(served) == 1:
            return self._work.requests[served[0]].submitted.changes
        requests = sorted((self._work.requests[request_id] for request_id in served), key=lambda each: each.position)
        return tuple(dict.fromkeys(change for each in requests for change in each.submitted.changes))

    # slots and locks

    def _place(self, placed: BuildId, assigned: BuildAssigned) -> None:
        """A build takes its slot and its locks, once."""
        if placed in self._placed:
            return
        builder = self._work.configurations.of(assigned.config_digest).builders.get(assigned.builder)
        self._placed[placed] = Place(assigned.worker, builder, assigned.requests)
        self._pools.take(assigned.worker)
        if builder is not None:
            self._locks.take(builder)

    def _unplace(self, placed: BuildId) -> None:
        """It gives them back."""
        if (place := self._placed.pop(placed, None)) is None:
            return
        self._stirred.update(dict.fromkeys(self._pools.give_back(place.worker)))
        if place.builder is not None:
            for waited in self._locks.give_back(place.builder):
                if (queue := self._queues.get(waited)) is not None:
                    self._line_up(queue)

    def _set_worker(self, known: KnownWorker) -> None:
        if self._configuration is None or not known.name:
            return
        view = worker_view(self._configuration, known)
        may = known.connected and not known.paused and not known.revoked and known.name in self._configuration.workers
        self._stirred.update(dict.fromkeys(self._pools.set_worker(known.name, view, view.capacity if may else 0)))
