"""What must hold for every history, worked out from the facts alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from buildledger.config.resolved import Configuration
from buildledger.events.build import (
    BuildAssigned,
    BuildFinished,
    OperationFinished,
    OperationRequested,
    StepFinished,
    StepLocksRequested,
    StepLocksTaken,
)
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import RequestId, worker_id
from buildledger.events.request import RequestClaimed, RequestFinished, RequestReturned, RequestSubmitted
from buildledger.events.results import Result
from buildledger.events.worker import WorkerConnected, WorkerDisconnected, WorkerPaused, WorkerResumed


class StepLocks(NamedTuple):
    """What a step takes of each lock, and whether it has it."""

    locks: dict[str, int]
    taken: bool = False


class History:
    """Goes through the facts once and checks each where it stands."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self.submitted: set[UUID] = set()
        self.answers: dict[UUID, Result] = {}
        self._holders: dict[UUID, UUID] = {}
        self._active: dict[UUID, BuildAssigned] = {}
        self._ended: set[UUID] = set()
        self._operations: dict[UUID, UUID] = {}
        self._of_steps: dict[UUID, StepLocks] = {}
        """What the steps of builds that run hold or wait for."""
        self._fences: set[int] = set()
        self._unavailable: dict[UUID, set[str]] = {}
        self._fence_of: dict[UUID, int] = {}
        self.results: Counter[Result] = Counter()
        self.steps: Counter[Result] = Counter()

    def check(self, facts: Iterable[Recorded]) -> None:
        """Take the facts in; raises AssertionError at the first that can't be."""
        for recorded in facts:
            stream = recorded.stream_id
            self._follow_worker(stream, recorded.fact)
            self._follow_step_locks(stream, recorded.fact)
            assert stream not in self._ended, f"{recorded.name} comes after the end of build {stream}"
            match recorded.fact:
                case RequestSubmitted():
                    self.submitted.add(stream)
                case RequestClaimed(build_id=build_id):
                    assert stream not in self._holders, "a request has two builds at once"
                    self._holders[stream] = build_id
                case RequestReturned(build_id=build_id):
                    assert self._holders.pop(stream) == build_id
                case RequestFinished(result=result):
                    assert stream not in self.answers, "a request is answered twice"
                    self.answers[stream] = result
                    self._holders.pop(stream, None)
                case BuildAssigned() as assigned:
                    self._assigned(stream, assigned)
                case OperationRequested(operation_id=operation_id):
                    assert operation_id not in self._operations, "an operation is asked for twice"
                    self._operations[operation_id] = stream
                case OperationFinished(operation_id=operation_id):
                    assert self._operations[operation_id] == stream
                case StepFinished(result=result):
                    self.steps[result] += 1
                case BuildFinished(result=result):
                    del self._active[stream]
                    self._ended.add(stream)
                    self.results[result] += 1

    def _follow_worker(self, stream: UUID, fact: Fact) -> None:
        match fact:
            case WorkerConnected():
                self._of(stream).discard("away")
            case WorkerDisconnected():
                self._of(stream).add("away")
            case WorkerPaused():
                self._of(stream).add("paused")
            case WorkerResumed():
                self._of(stream).discard("paused")

    def _follow_step_locks(self, stream: UUID, fact: Fact) -> None:
        step = self._of_steps.get(stream)
        match fact:
            case StepLocksRequested(locks=locks):
                assert step is None, "a step asks for its locks while another one has some"
                self._of_steps[stream] = StepLocks(locks)
            case StepLocksTaken():
                assert step is not None, "a step has locks that it didn't ask for"
                assert not step.taken, "a step gets its locks twice"
                self._of_steps[stream] = StepLocks(step.locks, taken=True)
                self._check_locks()
            case OperationRequested():
                assert step is None or step.taken, "a step begins before it has its locks"
            case StepFinished():
                self._of_steps.pop(stream, None)

    def _of(self, worker: UUID) -> set[str]:
        """Why a worker may be given nothing."""
        return self._unavailable.setdefault(worker, {"away"})

    def _assigned(self, stream: UUID, assigned: BuildAssigned) -> None:
        assert stream not in self._active
        unavailable = self._of(worker_id(assigned.worker))
        assert not unavailable, f"{assigned.worker} is given a build, and is {unavailable}"
        first = assigned.requests[0]
        assert assigned.fence not in self._fences, "no two assignments have the same fence"
        assert assigned.fence > self._fence_of.get(first, 0), "fences grow with each attempt"
        self._fences.add(assigned.fence)
        self._fence_of[first] = assigned.fence
        self._active[stream] = assigned
        retry = self._configuration.builders[assigned.builder].retry
        assert assigned.attempt <= 1 + retry.max, "more attempts than allowed"
        on_worker = sum(other.worker == assigned.worker for other in self._active.values())
        assert on_worker <= self._configuration.workers[assigned.worker].capacity, (
            "more builds than a worker has room for"
        )
        self._check_locks()

    def _check_locks(self) -> None:
        taken: Counter[str] = Counter()
        for assigned in self._active.values():
            for use in self._configuration.builders[assigned.builder].locks:
                taken[use.lock] += use.take
        for step in self._of_steps.values():
            taken.update(step.locks if step.taken else {})
        for lock, count in taken.items():
            assert count <= self._configuration.locks[lock].count, f"lock {lock} is taken too often"

    def unanswered(self) -> set[RequestId]:
        """Requests that still wait for their end."""
        return {RequestId(request) for request in self.submitted - self.answers.keys()}
