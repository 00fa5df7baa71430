"""Why a request waits, from the scheduler's own index: its pools, slots and locks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from buildledger.config.evaluation import wait_reason
from buildledger.config.evaluation.lock_reason import LockWaiter
from buildledger.config.evaluation.placement import RunningBuild
from buildledger.config.evaluation.wait_reason import WaitReason
from buildledger.config.resolved import Configuration
from buildledger.reactors.scheduling.allocations import Allocations
from buildledger.reactors.scheduling.candidates import candidates
from buildledger.reactors.scheduling.queues import Queue
from buildledger.reactors.state.shared import SharedState


def explain(
    configuration: Configuration,
    allocations: Allocations,
    shared: SharedState,
    queue: Queue,
    waiting: Callable[[], Iterable[LockWaiter]],
) -> WaitReason:
    """The first thing that keeps the requests of a queue from being given a worker."""
    workers = (
        msgspec.structs.replace(each, used=allocations.pools.capacity_of(each.view.name).used)
        for each in candidates(configuration, shared)
    )
    running = (
        RunningBuild(
            build_id,
            allocation.builder.name,
            shared.number_of(build_id),
            (*allocation.locks, *allocations.held_by_step(build_id)),
        )
        for build_id, allocation in allocations
        if allocation.builder is not None
    )
    locks = allocations.locks.free
    return wait_reason.explain(queue.builder, queue.pool.requirement, workers, locks, running, waiting)
