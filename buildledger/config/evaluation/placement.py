"""May this build run on this worker: one answer, for the scheduler and for whoever explains why a request waits.

Pure functions of the configuration, of what a request asks for, and of how workers and locks stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from buildledger.config.evaluation import evaluate
from buildledger.config.evaluation.evaluate import ChangeView, Context, WorkerView
from buildledger.config.expressions.cel import mentioned
from buildledger.config.expressions.conjunction import conjuncts
from buildledger.config.lock_uses import LockUse
from buildledger.config.resolved import Builder, Configuration
from buildledger.events.request import SourceStamp

RequirementKey = bytes
"""What a builder asks of its worker for one request; equal where the choice of a worker can't differ."""

NO_STAMP = SourceStamp(source="", repository="", branch="")


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A configured worker, and how it stands."""

    view: WorkerView
    connected: bool = False
    paused: bool = False
    revoked: bool = False
    stopping: bool = False
    """The server is about to stop its machine."""
    starting: bool = False
    """The server has started its machine, and it hasn't connected since."""
    quarantined: str = ""
    """Why its machine isn't started for the time being; empty: it may be, or it comes by itself."""
    used: int = 0
    """The builds that it has."""

    @property
    def slots(self) -> int:
        """How many builds it may have; 0 while it is given none."""
        accepts = self.connected and not (self.paused or self.revoked or self.stopping)
        return self.view.capacity if accepts else 0


class RunningBuild(NamedTuple):
    """A build that holds locks, or room on a worker."""

    build_id: UUID
    builder: str
    number: int
    locks: tuple[LockUse, ...]
    """By the configuration that it was assigned under."""


class Requirement:
    """What a request asks of its worker; remembers its answer for all workers that look the same to the condition."""

    def __init__(self, builder: Builder, context: Context) -> None:
        self._builder = builder
        self._context = context
        source = "" if builder.worker is None else builder.worker.source
        self._variables = mentioned(source)
        self.per_request = any(not name.startswith(("matrix.", "worker.")) for name in self._variables)
        """It depends on the request, so there may never be a second one like it."""
        self._answers: dict[object, bool] = {}
        self._features = needed_features(builder)

    def fits(self, worker: WorkerView) -> bool:
        """Whether a worker may run the build."""
        return not self.lacking(worker) and self.meets_condition(worker)

    def lacking(self, worker: WorkerView) -> frozenset[str]:
        """What the builder's steps need and a worker doesn't offer, by all that is known of it."""
        return frozenset() if worker.features is None else self._features - worker.features

    def meets_condition(self, worker: WorkerView) -> bool:
        """Whether the builder's condition holds for a worker."""
        appearance = (
            worker.name if "worker.name" in self._variables else None,
            worker.capacity if "worker.capacity" in self._variables else None,
            frozenset(worker.labels.items()) if "worker.labels" in self._variables else None,
        )
        answer = self._answers.get(appearance)
        if answer is None:
            context = msgspec.structs.replace(self._context, worker=worker)
            answer = self._answers[appearance] = evaluate.worker_fits(self._builder, context)
        return answer

    def unmet(self, workers: Sequence[WorkerView]) -> tuple[str, WorkerView | None]:
        """The part of the condition because of which none of these workers fits.

        Parts that hold for no worker; if each holds for some, those that fail for the worker that fits best, and that
        worker. Only for workers of which none fits.
        """
        condition = self._builder.worker
        assert condition is not None, "without a condition any worker fits"
        parts = conjuncts(condition.source)
        failing = {worker.name: [part for part in parts if not self._holds(part, worker)] for worker in workers}
        common = [part for part in parts if all(part in missed for missed in failing.values())]
        if common or not workers:
            return " && ".join(common) or condition.source, None
        nearest = min(workers, key=lambda worker: len(failing[worker.name]))
        return " && ".join(failing[nearest.name]), nearest

    def _holds(self, part: str, worker: WorkerView) -> bool:
        assert self._builder.worker is not None
        expression = msgspec.structs.replace(self._builder.worker, source=part)
        builder = msgspec.structs.replace(self._builder, worker=expression)
        return evaluate.worker_fits(builder, msgspec.structs.replace(self._context, worker=worker))


def needed_features(builder: Builder) -> frozenset[str]:
    """What a builder's steps need of a worker beyond running programs: features of the worker protocol, by name."""
    return frozenset().union(*(step.features() for step in builder.steps))


def requirement_key(builder: Builder, context: Context) -> RequirementKey:
    """What `Requirement` depends on, comparable."""
    features = sorted(needed_features(builder))
    if builder.worker is None:
        return msgspec.json.encode(features)
    names = sorted(name for name in mentioned(builder.worker.source) if not name.startswith("worker."))
    values = [(name, _value(context, *name.split(".", 1))) for name in names]
    return msgspec.json.encode((builder.worker, values, features))


def request_context(
    builder: Builder, stamps: Sequence[SourceStamp], inputs: Mapping[str, Any], files: tuple[str, ...]
) -> Context:
    """What is known of a request before it has a worker. `files`: what its changes touched, if anybody asks."""
    stamp = stamps[0] if stamps else NO_STAMP
    return Context(
        inputs=inputs_of(builder, inputs),
        matrix=builder.matrix,
        change=ChangeView(source=stamp.source, branch=stamp.branch, revision=stamp.revision or "", files=files),
    )


def inputs_of(builder: Builder, given: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that were given, and the defaults of the others."""
    if not builder.inputs:
        return plain(given)
    defaults = {name: spec.default for name, spec in builder.inputs.items() if spec.default is not None}
    return defaults | plain(given)


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as expressions take them: a list that was stored as JSON is a tuple again."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def worker_view(
    configuration: Configuration,
    name: str,
    labels: Mapping[str, str],
    capacity: int | None,
    features: Iterable[str] | None = None,
) -> WorkerView:
    """A worker as placement sees it: the configuration has the last word on its labels and its capacity.

    `labels`, `capacity` and `features` are what the worker says of itself; None: it has never connected.
    """
    offered = None if features is None else frozenset(features)
    configured = configuration.workers.get(name)
    if configured is None:
        return WorkerView(name=name, labels=labels, capacity=capacity or 0, features=offered)
    lowest = configured.capacity if capacity is None else min(capacity, configured.capacity)
    return WorkerView(name=name, labels={**labels, **configured.labels}, capacity=lowest, features=offered)


def lacking_lock(uses: Iterable[LockUse], free: Mapping[str, int]) -> LockUse | None:
    """The first lock of which less is free than a build takes; None if it can have them all."""
    for use in uses:
        if free.get(use.lock, 0) < use.take:
            return use
    return None


def free_locks(configuration: Configuration, running: Iterable[RunningBuild]) -> dict[str, int]:
    """How much of each configured lock the running builds leave."""
    free = {lock.name: lock.count for lock in configuration.locks.values()}
    for build in running:
        for use in build.locks:
            free[use.lock] = free.get(use.lock, 0) - use.take
    return free


def _value(context: Context, root: str, field: str) -> object:
    holder = getattr(context, root)
    return holder.get(field) if isinstance(holder, Mapping) else getattr(holder, field, None)
