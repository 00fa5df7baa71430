"""Gives waiting requests to workers: by labels and room, priority, turn and age, within the locks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from buildledger.config.resolved import Builder, Configuration
from buildledger.domain.build import AssignBuild
from buildledger.domain.command import Command
from buildledger.domain.request import CancelRequest, ClaimRequest, CollapseRequest, FinishRequest
from buildledger.events import build, config, machine, request
from buildledger.events import worker as comings
from buildledger.events.build import BuildAssigned
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import BuildId, ChangeId, RequestId, WorkerId, worker_id
from buildledger.events.ids import build_id as build_id_of
from buildledger.events.results import Result
from buildledger.reactors.builds.contexts import Contexts
from buildledger.reactors.builds.runner import Running
from buildledger.reactors.reactor import Fold, Wish
from buildledger.reactors.scheduling.allocations import Placing
from buildledger.reactors.scheduling.demand import Unserved
from buildledger.reactors.scheduling.queues import Queue
from buildledger.reactors.scheduling.ready_queues import Waiting
from buildledger.reactors.state.shared import KnownWorker, OpenRequest, Work

LEFT_BEHIND = "the request that it was collapsed into was answered without a build"


class Index:
    """Open work, arranged for assigning under one configuration."""

    def __init__(self, configuration: Configuration, contexts: Contexts) -> None:
        self.configuration = configuration
        self.placing = Placing(configuration)
        self.waiting = Waiting(self.placing.pools, contexts, configuration.digest)


class Assigning:
    """The queue. What it keeps beside the shared work is an index of it, so it is in no checkpoint."""

    name = "assigning"

    def __init__(self, work: Work, contexts: Contexts, running: Running) -> None:
        self._work = work
        self._contexts = contexts
        self._running = running
        self._index: Index | None = None
        """None before the start, and as long as there is no configuration."""
        self._unwanted: dict[RequestId, str] = {}
        """Requests that nothing will ever build, and why."""
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
            machine.MachineStartFailed: self._machine_leaves,
            machine.MachineStopRequested: self._machine_leaves,
            machine.MachineStopped: self._machine_leaves,
        }

    def begin(self, now: datetime) -> None:
        """See `Reactor`: arrange everything that is open."""
        self._begun = True
        configuration = self._work.configurations.current
        if configuration is None:
            return
        self._index = index = Index(configuration, self._contexts)
        self._unwanted = {}
        for run in self._work.builds.values():
            index.placing.place(run.build_id, run.assigned, self._builder_of(run.assigned))
        for known in self._work.workers.values():
            self._see(index, known)
        for waiting in self._work.requests.values():
            self._enqueue(index, waiting)
            if waiting.into is not None and waiting.into not in self._work.requests:
                self._unwanted[waiting.request_id] = LEFT_BEHIND

    def react(self, now: datetime) -> list[Wish]:
        """See `Reactor`."""
        unwanted, self._unwanted = self._unwanted, {}
        wishes = [self._give_up(each, why) for each, why in unwanted.items() if each in self._work.requests]
        if (index := self._index) is not None:
            served = (self._serve(index, queue) for queue in index.waiting.turns())
            wishes.extend(wish for wish in served if wish is not None)
        return wishes

    def is_busy(self, worker: str) -> bool:
        """Whether the worker has a build, or has just been given one."""
        given = self._index is not None and self._index.placing.pools.slots(worker).builds > 0
        return given or worker in self._work.builds_of

    def unserved(self) -> Iterator[Unserved]:
        """What waits for a worker alone, because none has room."""
        if (index := self._index) is None:
            return
        for queue in index.waiting.without_room():
            room = index.placing.locks.room(queue.builder)
            yield Unserved(queue, queue.builds if room is None else min(queue.builds, room))

    def refused(self, subject: UUID | str) -> None:
        """See `Reactor`: take the assignment back, and let wait what still waits."""
        refused = UUID(str(subject))
        requests: tuple[RequestId, ...] = (RequestId(refused),)
        if refused not in self._work.requests:
            self._running.forget(BuildId(refused))
            requests = () if BuildId(refused) in self._work.builds else self._free(BuildId(refused))
        for request_id in requests:
            if self._index is not None and (waiting := self._work.requests.get(request_id)) is not None:
                self._enqueue(self._index, waiting)

    def next_at(self) -> datetime | None:
        """See `Reactor`: what waits, waits for a slot."""
        return None

    def _reconfigured(self, recorded: Recorded, fact: config.ConfigApplied) -> None:
        if self._begun:
            self.begin(recorded.meta.recorded_at)

    def _waits(self, recorded: Recorded, fact: Any) -> None:
        if self._index is not None:
            self._enqueue(self._index, self._work.requests[RequestId(recorded.stream_id)])

    def _left(self, recorded: Recorded, fact: Any) -> None:
        if self._index is not None:
            self._index.waiting.remove(self._work.requests[RequestId(recorded.stream_id)])

    def _answered(self, recorded: Recorded, fact: Any) -> None:
        answered = self._work.answered
        assert answered is not None
        if self._index is not None:
            self._index.waiting.remove(answered)
        self._unwanted.pop(answered.request_id, None)
        for follower in answered.followers:
            if follower in self._work.requests:
                self._unwanted[follower] = LEFT_BEHIND

    def _assigned(self, recorded: Recorded, fact: BuildAssigned) -> None:
        if self._index is not None:
            self._index.placing.place(BuildId(recorded.stream_id), fact, self._builder_of(fact))

    def _finished(self, recorded: Recorded, fact: Any) -> None:
        self._free(BuildId(recorded.stream_id))

    def _worker_changed(self, recorded: Recorded, fact: Any) -> None:
        if self._index is not None:
            self._see(self._index, self._work.workers[WorkerId(recorded.stream_id)])

    def _machine_leaves(self, recorded: Recorded, fact: Any) -> None:
        known = self._work.workers.get(worker_id(fact.worker))
        if self._index is not None and known is not None:
            self._see(self._index, known)

    def _see(self, index: Index, known: KnownWorker) -> None:
        leaving = self._work.machines.state(known.name).phase == "stopping"
        index.waiting.stir(index.placing.see(known, leaving=leaving))

    def _builder_of(self, assigned: BuildAssigned) -> Builder | None:
        return self._work.configurations.of(assigned.config_digest).builders.get(assigned.builder)

    def _enqueue(self, index: Index, waiting: OpenRequest) -> None:
        if not waiting.waits:
            return
        builder = index.configuration.builders.get(waiting.submitted.builder)
        if builder is None:
            self._unwanted[waiting.request_id] = f"builder {waiting.submitted.builder!r} is not in the configuration"
        else:
            index.waiting.add(builder, waiting)

    def _free(self, build_id: BuildId) -> tuple[RequestId, ...]:
        """A build gives its slot and its locks back; gives the requests that it was for."""
        if self._index is None or (freed := self._index.placing.free(build_id)) is None:
            return ()
        self._index.waiting.stir(freed.pools)
        self._index.waiting.ask_again(freed.queues)
        return freed.place.requests

    def _give_up(self, request_id: RequestId, reason: str) -> Wish:
        unwanted = self._work.requests[request_id]
        command: Command = (
            CancelRequest(request_id=request_id, reason=reason)
            if unwanted.waits
            else FinishRequest(request_id=request_id, result=Result.CANCELLED, reason=reason)
        )
        return Wish((command,), request_id, unwanted.causation_id, unwanted.correlation_id)

    def _serve(self, index: Index, queue: Queue) -> Wish | None:
        """Give the builder whose turn it is a worker, or let it wait for a lock."""
        if (lock := index.placing.locks.lacking(queue.builder)) is not None:
            index.placing.locks.wait(lock, queue.number)
            return None
        together = index.waiting.take(queue)
        newest = together[-1]
        slots = queue.pool.choose(queue.last_worker, newest.last_worker)
        queue.last_worker = slots.name
        build_id = build_id_of(newest.request_id, newest.attempts + 1)
        assigned = self._assignment(index, queue.builder, together, slots.name)
        index.placing.place(build_id, assigned, queue.builder)
        commands = (
            ClaimRequest(request_id=newest.request_id, build_id=build_id, attempt=assigned.attempt),
            *(CollapseRequest(request_id=older.request_id, into=newest.request_id) for older in together[:-1]),
            AssignBuild(build_id=build_id, assignment=assigned),
            *self._running.start(build_id, assigned),
        )
        return Wish(commands, build_id, newest.causation_id, newest.correlation_id)

    def _assignment(self, index: Index, builder: Builder, together: list[OpenRequest], worker: str) -> BuildAssigned:
        """One build for all of them: of what the newest asks for, with the changes of all."""
        newest = together[-1]
        self._fence = max(self._fence, self._work.fence) + 1
        served = [newest.request_id, *(older.request_id for older in together[:-1])]
        served.extend(follower for waiting in together for follower in waiting.followers)
        submitted = newest.submitted
        return BuildAssigned(
            builder=builder.name,
            requests=tuple(served),
            attempt=newest.attempts + 1,
            worker=worker,
            fence=self._fence,
            stamps=submitted.stamps,
            changes=self._changes(served),
            reason=submitted.reason,
            requested_by=submitted.requested_by,
            inputs=submitted.inputs,
            config_digest=index.configuration.digest,
        )

    def _changes(self, served: list[RequestId]) -> tuple[ChangeId, ...]:
        """The changes of all requests that the build answers, each once, oldest request first."""
        if len(served) == 1:
            return self._work.requests[served[0]].submitted.changes
        requests = sorted((self._work.requests[request_id] for request_id in served), key=lambda each: each.position)
        return tuple(dict.fromkeys(change for each in requests for change in each.submitted.changes))
