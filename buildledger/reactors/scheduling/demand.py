"""Which workers to start for requests that wait: no more than it takes, counting those that are starting already."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from buildledger.config.resolved import Configuration
from buildledger.reactors.scheduling.candidates import view_of
from buildledger.reactors.scheduling.queues import Queue
from buildledger.reactors.state.requests import OpenRequest
from buildledger.reactors.state.shared import SharedState


class UnmetDemand(NamedTuple):
    """A queue in which something waits and for which no worker has room."""

    queue: Queue
    builds: int
    """How many builds it needs, as far as its locks go."""


class WorkerStart(NamedTuple):
    """A worker to start, and for what."""

    worker: str
    reason: str
    first: OpenRequest
    """The first of the requests that it is started for."""


def worker_starts(demand: Iterable[UnmetDemand], startable: Collection[str], shared: SharedState) -> list[WorkerStart]:
    """The workers to start, in the order of the configuration, for the queues in the order of their ranks."""
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
            fits = queue.pool.requirement.fits(view_of(configuration, name, shared.worker(name)))
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
    """The slots of workers that were started and haven't connected yet, by name."""
    return {
        name: configuration.workers[name].capacity
        for name, machine in shared.machines.known.items()
        if machine.is_starting and name in configuration.workers
    }


def _reason(queue: Queue, builds: int) -> str:
    return f"{builds} builds of {queue.builder.name} wait" if builds > 1 else f"a build of {queue.builder.name} waits"
