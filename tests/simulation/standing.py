"""How requests, workers and locks stand, worked out from the facts alone; conditions by predicates instead of CEL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from buildledger.config.evaluation.wait_reason import WaitReason
from buildledger.config.resolved import Configuration
from buildledger.config.stored import read_configuration
from buildledger.events import build, request, worker
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Recorded
from buildledger.events.request import RequestSubmitted


@dataclass
class Worker:
    """A worker as its facts left it."""

    name: str = ""
    connected: bool = False
    paused: bool = False
    revoked: bool = False
    says: Mapping[str, str] = field(default_factory=dict)
    capacity: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    slots: int = 0
    used: int = 0

    @property
    def accepts(self) -> bool:
        """It may be given builds."""
        return self.connected and not self.paused and not self.revoked


@dataclass
class Build:
    """A build that isn't over."""

    builder: str
    number: int
    worker: str
    locks: Mapping[str, int]
    step_asks: Mapping[str, int] = field(default_factory=dict)
    """What its running step takes of each lock."""
    step_has_it: bool = False

    @property
    def holds(self) -> Mapping[str, int]:
        """What it and its running step hold of each lock."""
        return Counter(self.locks) + Counter(self.step_asks if self.step_has_it else {})


Predicate = Callable[[Worker, RequestSubmitted], bool]
Conditions = Mapping[str, Mapping[str, Predicate]]
"""By builder: the parts of its condition, and what each means."""


class Standing:
    """The state after all facts."""

    def __init__(self, facts: Iterable[Recorded]) -> None:
        self.workers: dict[UUID, Worker] = {}
        self.builds: dict[UUID, Build] = {}
        self.waiting: dict[UUID, RequestSubmitted] = {}
        self._requests: dict[UUID, RequestSubmitted] = {}
        self._configurations: dict[str, Configuration] = {}
        self._digest = ""
        self._numbers: Counter[str] = Counter()
        for recorded in facts:
            self._fold(recorded.stream_id, recorded.fact)
        self._configure()

    @property
    def configuration(self) -> Configuration:
        """The one in force."""
        return self._configurations[self._digest]

    def _fold(self, stream: UUID, fact: Any) -> None:
        match fact:
            case ConfigApplied(digest=digest, text=text):
                self._digest = digest
                self._configurations[digest] = read_configuration(text)
            case worker.WorkerConnected() as hello:
                known = self._worker(stream)
                known.name, known.connected, known.capacity = hello.worker, True, hello.capacity
                known.says = {"os": hello.os, "arch": hello.arch, **hello.labels}
            case worker.WorkerDisconnected():
                self._worker(stream).connected = False
            case worker.WorkerPaused() | worker.WorkerResumed():
                self._worker(stream).paused = isinstance(fact, worker.WorkerPaused)
            case worker.WorkerRevoked() | worker.WorkerEnrolled():
                self._worker(stream).revoked = isinstance(fact, worker.WorkerRevoked)
            case RequestSubmitted():
                self._requests[stream] = self.waiting[stream] = fact
            case request.RequestReturned():
                self.waiting[stream] = self._requests[stream]
            case request.RequestClaimed() | request.RequestCollapsed() | request.RequestFinished():
                self.waiting.pop(stream, None)
            case build.BuildAssigned(builder=name, worker=where, config_digest=digest):
                self._numbers[name] += 1
                uses = self._configurations[digest].builders[name].locks
                self.builds[stream] = Build(name, self._numbers[name], where, {use.lock: use.take for use in uses})
            case build.BuildFinished():
                del self.builds[stream]
            case build.StepLocksRequested() | build.StepLocksTaken() | build.StepFinished():
                self._fold_step(self.builds[stream], fact)

    def _fold_step(self, active: Build, fact: Any) -> None:
        match fact:
            case build.StepLocksRequested(locks=locks):
                active.step_asks = locks
            case build.StepLocksTaken():
                active.step_has_it = True
            case build.StepFinished():
                active.step_asks, active.step_has_it = {}, False

    def _worker(self, stream: UUID) -> Worker:
        return self.workers.setdefault(stream, Worker())

    def _configure(self) -> None:
        """Keep the configured workers, as the configuration has them."""
        known = {each.name: each for each in self.workers.values()}
        self.configured = []
        for name, configured in sorted(self.configuration.workers.items()):
            found = known.get(name, Worker(name=name))
            found.labels = {**found.says, **configured.labels}
            found.slots = min(configured.capacity, found.capacity or configured.capacity)
            found.used = sum(active.worker == name for active in self.builds.values())
            self.configured.append(found)

    def check(self, submitted: RequestSubmitted, reason: WaitReason, conditions: Conditions) -> None:
        """Whether this is the reason for which the request still waits; raises AssertionError if it isn't."""
        parts = conditions[submitted.builder]
        failing = {
            each.name: [part for part, holds in parts.items() if not holds(each, submitted)] for each in self.configured
        }
        fitting = [each for each in self.configured if not failing[each.name]]
        if not fitting:
            self._check_condition(reason, failing)
            return
        assert reason.condition == ""
        accepting = [each for each in fitting if each.accepts]
        free = [each for each in accepting if each.used < each.slots]
        connected = [each for each in fitting if each.connected]
        self._check_lock(submitted.builder, reason)
        if free:
            assert reason.code == "lock_held", "only a lock keeps a request from a worker with room"
        elif accepting:
            assert (reason.code, reason.workers) == ("workers_busy", _names(accepting))
        elif connected:
            assert (reason.code, reason.workers) == ("workers_paused", _names(connected))
        else:
            assert (reason.code, reason.workers) == ("no_worker_connected", _names(fitting))
        for each in (*reason.workers, *(part for held in reason.held_by for part in (held.builder, f"#{held.number}"))):
            assert each in reason.text

    def _check_condition(self, reason: WaitReason, failing: Mapping[str, list[str]]) -> None:
        assert reason.code == "no_worker_fits"
        assert reason.condition in reason.text
        common = set.intersection(*(set(parts) for parts in failing.values()))
        if common:
            assert set(reason.condition.split(" && ")) == common, "what fails for all of them"
        else:
            (nearest,) = reason.workers
            assert nearest in reason.text
            assert reason.condition == " && ".join(failing[nearest])
            assert len(failing[nearest]) == min(map(len, failing.values()))

    def _check_lock(self, builder: str, reason: WaitReason) -> None:
        taken: Counter[str] = Counter()
        for active in self.builds.values():
            taken.update(active.holds)
        free = {lock.name: lock.count - taken[lock.name] for lock in self.configuration.locks.values()}
        lacking = [use.lock for use in self.configuration.builders[builder].locks if free[use.lock] < use.take]
        if not lacking and reason.lock:
            assert self._somebody_lacks(reason.lock, free), "nobody has reserved it"
        else:
            assert reason.lock == (lacking[0] if lacking else "")
        holders = {(active.builder, active.number) for active in self.builds.values() if reason.lock in active.holds}
        assert {(held.builder, held.number) for held in reason.held_by} == holders
        assert {held.build_id for held in reason.held_by} <= self.builds.keys()
        assert reason.lock in reason.text

    def _somebody_lacks(self, lock: str, free: Mapping[str, int]) -> bool:
        """Whether somebody wants this lock and can't have all that he wants."""
        of_builders = [self.configuration.builders[each.builder].locks for each in self.waiting.values()]
        wanted: list[Mapping[str, int]] = [{use.lock: use.take for use in uses} for uses in of_builders]
        wanted += [each.step_asks for each in self.builds.values() if not each.step_has_it]
        return any(lock in each and any(free[other] < take for other, take in each.items()) for each in wanted)


def _names(workers: Iterable[Worker]) -> tuple[str, ...]:
    return tuple(each.name for each in workers)
