"""Which workers to start for what waits: no more than it takes, counting those that are on their way."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from buildledger.config.evaluate import WorkerView
from buildledger.config.resolved import Configuration
from buildledger.reactors.builds.contexts import worker_view
from buildledger.reactors.scheduling.queues import Queue
from buildledger.reactors.state.shared import KnownWorker, OpenRequest, SharedState


class UnmetDemand(NamedTuple):
    """A queue that has found no worker with room."""

    queue: Queue
    builds: int
    """How many more there would be for it, as far as its locks go."""


class WorkerStart(NamedTuple):
    """A worker to start, and for what."""

    worker: str
    reason: str
    first: OpenRequest
    """The request that goes first of those it is started for."""


def worker_starts(demand: Iterable[UnmetDemand], startable: Collection[str], shared: SharedState) -> list[WorkerStart]:
    """The workers to start, in the order of the configuration, for the queues in the order of their turns."""
    waiting = sorted((each for each in demand if each.builds > 0), key=_rank)
    configuration = shared.configurations.current
    if not waiting or configuration is None:
        return []
    room = _starting_capacity(configuration, shared)
    down = [name for name in configuration.workers if name in startable]
    starts: list[WorkerStart] = []
    for queue, builds in waiting:
        left = builds
        for name in (*room, *down):
            if left <= 0:
                break
            fits = queue.pool.fits(_view(configuration, shared, name))
            if not fits or room.get(name, 1) <= 0:
                continue
            if name not in room:
                first = queue.first()
                assert first is not None, "something waits in it"
                starts.append(WorkerStart(name, _reason(queue, builds), first))
                room[name] = configuration.workers[name].capacity
            taken = min(left, room[name])
            room[name] -= taken
            left -= taken
    return starts


def _rank(each: UnmetDemand) -> tuple[float, ...]:
    rank = each.queue.rank()
    assert rank is not None, "something waits in it"
    return rank


def _starting_capacity(configuration: Configuration, shared: SharedState) -> dict[str, int]:
    """The room on workers that were started and haven't come yet."""
    return {
        name: configuration.workers[name].capacity
        for name, known in shared.machines.known.items()
        if known.state.phase in ("requested", "started") and not known.arrived and name in configuration.workers
    }


def _view(configuration: Configuration, shared: SharedState, name: str) -> WorkerView:
    """A worker as it will be: as the configuration says, and as it was when it was last there."""
    known = shared.worker(name)
    if known is None or not known.name:
        # One that has enrolled and not connected yet has said nothing of itself.
        known = KnownWorker(name=name, capacity=configuration.workers[name].capacity)
    return worker_view(configuration, known)


def _reason(queue: Queue, builds: int) -> str:
    return f"{builds} builds of {queue.builder.name} wait" if builds > 1 else f"a build of {queue.builder.name} waits"
