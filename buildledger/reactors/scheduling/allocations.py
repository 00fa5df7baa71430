"""What builds hold: a slot on their worker and their locks from their assignment to their end, and locks of steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from buildledger.config.evaluation.lock_order import LockOrder
from buildledger.config.evaluation.placement import Candidate
from buildledger.config.lock_uses import LockUse
from buildledger.config.resolved import Builder, Configuration
from buildledger.events.build import BuildAssigned
from buildledger.events.ids import BuildId, RequestId
from buildledger.reactors.scheduling.locks import Locks, WaitingStep
from buildledger.reactors.scheduling.pools import Pool, Pools, QueueRank


class Allocation(NamedTuple):
    """What one build holds."""

    worker: str
    builder: Builder | None
    """For its locks; None if its configuration doesn't have it, or can't be read."""
    requests: tuple[RequestId, ...]

    @property
    def locks(self) -> tuple[LockUse, ...]:
        """What it holds from its first step to its last."""
        return () if self.builder is None else self.builder.locks


class Released(NamedTuple):
    """What a build gave back."""

    allocation: Allocation
    pools: Iterable[Pool]
    """Those in which its worker has room."""
    queues: Iterable[int]
    """The numbers of the queues that waited for one of its locks."""


class Allocations:
    """Slots and locks under one configuration. A build counts from the moment that its assignment is decided."""

    def __init__(self, configuration: Configuration) -> None:
        self.pools = Pools()
        self._digest = configuration.digest
        self._order = LockOrder(configuration.builders.values())
        self.locks = Locks(_counts(configuration), self._order)
        self._allocations: dict[BuildId, Allocation] = {}
        self._of_steps: dict[BuildId, tuple[LockUse, ...]] = {}
        """What the steps hold that have their locks, by build."""

    def __iter__(self) -> Iterator[tuple[BuildId, Allocation]]:
        return iter(self._allocations.items())

    def allocate(self, build_id: BuildId, assigned: BuildAssigned, configuration: Configuration | None) -> None:
        """Give a build what it needs, once. `configuration`: that which it was assigned under, if it can be read."""
        if build_id in self._allocations:
            return
        builder = None if configuration is None else configuration.builders.get(assigned.builder)
        self._allocations[build_id] = allocation = Allocation(assigned.worker, builder, assigned.requests)
        self.pools.take(assigned.worker)
        self.locks.take(allocation.locks)
        if builder is not None and configuration is not None and configuration.digest != self._digest:
            self._order.add(builder)
            self.locks.know(_counts(configuration))

    def release(self, build_id: BuildId) -> Released | None:
        """Take back what a build holds; None if it holds nothing."""
        allocation = self._allocations.pop(build_id, None)
        if allocation is None:
            return None
        pools = self.pools.give_back(allocation.worker)
        queues = [*self.end_step(build_id), *self.locks.give_back(allocation.locks)]
        return Released(allocation, pools, queues)

    def held_by_step(self, build_id: BuildId) -> tuple[LockUse, ...]:
        """What the running step of a build holds."""
        return self._of_steps.get(build_id, ())

    def let_step_wait(self, build_id: BuildId, locks: Mapping[str, int], rank: QueueRank) -> None:
        """Let the running step of a build wait for its locks."""
        allocation = self._allocations.get(build_id)
        if allocation is None or build_id in self._of_steps:
            return
        uses = self.locks.possible(LockUse(lock=lock, take=take) for lock, take in locks.items())
        self.locks.wait_step(WaitingStep(rank, build_id, uses, tuple(use.lock for use in allocation.locks)))

    def give_to_steps(self) -> list[BuildId]:
        """Give their locks to all steps that can have them now; gives their builds, in the order of the steps."""
        ready = self.locks.ready_steps()
        self._of_steps.update((step.build_id, step.uses) for step in ready)
        return [step.build_id for step in ready]

    def give_to_step(self, build_id: BuildId, locks: Mapping[str, int]) -> None:
        """Count what the running step of a build has, unless it is counted already."""
        if build_id in self._of_steps or build_id not in self._allocations:
            return
        self.locks.forget_step(build_id)
        uses = self.locks.possible(LockUse(lock=lock, take=take) for lock, take in locks.items())
        self.locks.take(uses)
        self._of_steps[build_id] = uses

    def end_step(self, build_id: BuildId) -> list[int]:
        """Take back what a build's step holds or waits for; gives the queues that waited for one of these locks."""
        waited = self.locks.forget_step(build_id)
        return [*waited, *self.locks.give_back(self._of_steps.pop(build_id, ()))]

    def update_worker(self, candidate: Candidate) -> Iterable[Pool]:
        """Take over how a worker stands; gives the pools in which it has room."""
        return self.pools.set_worker(candidate.view.name, candidate.view, candidate.slots)


def _counts(configuration: Configuration) -> dict[str, int]:
    return {lock.name: lock.count for lock in configuration.locks.values()}
