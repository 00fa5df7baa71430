"""Why a request waits: the first thing that keeps it from being given a worker, named.

The order is the scheduler's: a worker has to fit, one that fits has to have room, and then the locks have to be free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple

from buildledger.config.evaluation.lock_reason import LockWaiter, why_lacking, why_reserved
from buildledger.config.evaluation.placement import (
    Candidate,
    Requirement,
    RequirementKey,
    RunningBuild,
    free_locks,
    lacking_lock,
    request_context,
    requirement_key,
)
from buildledger.config.expressions.cel import mentioned
from buildledger.config.resolved import Builder, Configuration
from buildledger.events.request import SourceStamp
from buildledger.wording import enumerated

Code = Literal[
    "builder_not_configured",
    "no_worker_fits",
    "worker_starting",
    "workers_quarantined",
    "no_worker_connected",
    "workers_paused",
    "workers_busy",
    "lock_held",
    "next",
]


class WaitReason(NamedTuple):
    """Why, as a code and in words, and what it is about."""

    code: Code
    text: str
    workers: tuple[str, ...] = ()
    """By name, in alphabetical order."""
    condition: str = ""
    """The part of the builder's `worker` condition that no worker meets."""
    lock: str = ""
    """A lock that it can't have for the moment, whatever else it waits for."""
    held_by: tuple[RunningBuild, ...] = ()
    """The builds that hold something of the lock, by builder and number."""


class Situation:
    """How workers and locks stand at one moment; gives the same reason for all requests that ask for the same."""

    def __init__(
        self,
        configuration: Configuration | None,
        candidates: Iterable[Candidate],
        running: Sequence[RunningBuild],
        waiting: Callable[[], Iterable[tuple[str, str | None]]] = tuple,
        waiting_steps: Iterable[LockWaiter] = (),
        composed: Callable[[str], Configuration | None] = lambda pipeline: None,
    ) -> None:
        """`waiting` gives the builders of which something waits, by their names and the digests of their pipelines.

        `waiting_steps` wait for locks; `composed` gives the configuration with the pipeline of a digest.
        """
        self._composed = composed
        self._configuration = configuration
        self._candidates = tuple(candidates)
        self._running = running
        self._waiting = waiting
        self._waiting_steps = tuple(waiting_steps)
        self._free = {} if configuration is None else free_locks(configuration, running)
        self._reasons: dict[tuple[str, str | None, RequirementKey], WaitReason] = {}

    def why(
        self,
        builder_name: str,
        stamps: Sequence[SourceStamp],
        inputs: Mapping[str, Any],
        files: Callable[[], tuple[str, ...]],
        pipeline: str | None = None,
    ) -> WaitReason:
        """The first thing that keeps a waiting request. `files` is asked only for a condition that depends on it."""
        if self._configuration is None:
            return WaitReason("builder_not_configured", "no configuration that this server can read is in force")
        builder = self._builder(builder_name, pipeline)
        if builder is None:
            return not_configured(builder_name)
        asks_for_files = builder.worker is not None and "change.files" in mentioned(builder.worker.source)
        context = request_context(builder, stamps, inputs, files() if asks_for_files else ())
        key = builder_name, pipeline, requirement_key(builder, context)
        reason = self._reasons.get(key)
        if reason is None:
            requirement = Requirement(builder, context)
            reason = self._reasons[key] = explain(
                builder, requirement, self._candidates, self._free, self._running, lambda: self._lacking
            )
        return reason

    @cached_property
    def _lacking(self) -> list[LockWaiter]:
        """Those that wait for locks and can't have them all: others matter to nobody."""
        known = [builder for each in self._waiting() if (builder := self._builder(*each)) is not None]
        every = (*(LockWaiter(builder.name, builder.locks) for builder in known), *self._waiting_steps)
        return [each for each in every if lacking_lock(each.locks, self._free) is not None]

    def _builder(self, name: str, pipeline: str | None) -> Builder | None:
        configuration = self._configuration if pipeline is None else self._composed(pipeline)
        return None if configuration is None else configuration.builders.get(name)


def tried_again(reason: WaitReason) -> WaitReason:
    """The reason of a request whose build was lost: before the next attempt there is a pause."""
    if reason.code != "next":
        return reason
    return reason._replace(text="its last build was lost to infrastructure, and it will be tried again after a pause")


def not_configured(builder_name: str) -> WaitReason:
    """The reason of a request whose builder the configuration doesn't have."""
    return WaitReason("builder_not_configured", f"builder {builder_name} is not in the configuration")


def explain(
    builder: Builder,
    requirement: Requirement,
    candidates: Iterable[Candidate],
    free: Mapping[str, int],
    running: Iterable[RunningBuild],
    waiting: Callable[[], Iterable[LockWaiter]],
) -> WaitReason:
    """The first thing that keeps a request of this builder; `free` is what running builds leave of each lock.

    `waiting` gives the builders and steps that wait, among them those for which locks are reserved.
    """
    known = sorted(candidates, key=lambda candidate: candidate.view.name)
    fitting = [candidate for candidate in known if requirement.fits(candidate.view)]
    if not fitting:
        return _nobody_fits(requirement, known)
    reason = _without_locks(fitting)
    kept = why_lacking(builder.locks, free, running)
    if kept is None and reason.code == "next":
        kept = why_reserved(builder.name, builder.locks, free, running, waiting())
    if kept is None:
        return reason
    if reason.code == "next":
        return WaitReason("lock_held", kept.text, lock=kept.lock, held_by=kept.held_by)
    return reason._replace(text=f"{reason.text}; {kept.text}", lock=kept.lock, held_by=kept.held_by)


def _nobody_fits(requirement: Requirement, known: Sequence[Candidate]) -> WaitReason:
    if not known:
        return WaitReason("no_worker_fits", "no worker is configured")
    lacking = {each.view.name: requirement.lacking(each.view) for each in known}
    fitting = [each.view.name for each in known if lacking[each.view.name] and requirement.meets_condition(each.view)]
    if fitting:
        nearest_name = min(fitting, key=lambda name: len(lacking[name]))
        missing = ", ".join(sorted(lacking[nearest_name]))
        who = (
            f"{nearest_name} doesn't"
            if len(fitting) == 1
            else f"of the {len(fitting)} workers that would fit none does"
        )
        text = f"no worker offers what its steps need: {who} offer {missing}; update it"
        return WaitReason("no_worker_fits", text, tuple(fitting))
    condition, nearest = requirement.unmet([candidate.view for candidate in known])
    if nearest is not None:
        text = f"no configured worker fits; {nearest.name} is nearest, but for it this does not hold: {condition}"
        return WaitReason("no_worker_fits", text, (nearest.name,), condition)
    if any(name.startswith("worker.") for name in mentioned(condition)):
        return WaitReason("no_worker_fits", f"no configured worker fits: {condition}", condition=condition)
    return WaitReason("no_worker_fits", f"for this request the condition does not hold: {condition}", (), condition)


def _without_locks(fitting: Sequence[Candidate]) -> WaitReason:
    """What keeps a request whose builder takes no locks."""
    free = [candidate for candidate in fitting if candidate.used < candidate.slots]
    if free:
        return WaitReason("next", "it will be assigned in a moment", _names(free))
    starting = [candidate for candidate in fitting if candidate.starting]
    if starting:
        return WaitReason("worker_starting", _starting_text(starting), _names(starting))
    connected = [candidate for candidate in fitting if candidate.connected]
    busy = [candidate for candidate in connected if candidate.slots]
    text = _states_text(fitting)
    if busy:
        return WaitReason("workers_busy", text, _names(busy))
    if connected:
        return WaitReason("workers_paused", text, _names(connected))
    code: Code = "workers_quarantined" if all(each.quarantined for each in fitting) else "no_worker_connected"
    return WaitReason(code, text, _names(fitting))


def _states_text(fitting: Sequence[Candidate]) -> str:
    states: dict[tuple[str, str], list[str]] = {}
    for candidate in fitting:
        states.setdefault(_state(candidate), []).append(candidate.view.name)
    if len(fitting) == 1:
        ((one, _),) = states
        return f"worker {fitting[0].view.name}, the only one that fits, {one}"
    if len(states) == 1:
        (((_, all_of_them), names),) = states.items()
        return f"all {len(fitting)} workers that fit {all_of_them}: {enumerated(names)}"
    each = (f"{enumerated(names)} {one if len(names) == 1 else many}" for (one, many), names in states.items())
    return f"no worker that fits is free: {'; '.join(each)}"


def _state(candidate: Candidate) -> tuple[str, str]:
    """What is said of one worker that has no room, and of several."""
    if candidate.quarantined and not candidate.connected:
        text = f"can't be started ({candidate.quarantined})"
        return text, text
    if candidate.revoked:
        state = "revoked"
    elif candidate.stopping:
        state = "being stopped"
    elif not candidate.connected:
        state = "not connected"
    else:
        state = "paused" if candidate.paused else "busy"
    return f"is {state}", f"are {state}"


def _starting_text(starting: Sequence[Candidate]) -> str:
    if len(starting) == 1:
        return f"worker {starting[0].view.name} is being started"
    return f"{len(starting)} workers that fit are being started: {enumerated(_names(starting))}"


def _names(candidates: Sequence[Candidate]) -> tuple[str, ...]:
    return tuple(candidate.view.name for candidate in candidates)
