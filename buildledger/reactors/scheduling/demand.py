"""Which workers to start for what waits: no more than it takes, counting those that are on their way."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from buildledger.config.evaluate import WorkerView
from buildledger.config.resolved import Configuration
from buildledger.reactors.builds.contexts import worker_view
from buildledger.reactors.scheduling.queues import Queue
from buildledger.reactors.state.shared import KnownWorker, OpenRequest, Work


class Unserved(NamedTuple):
    """A queue that has found no worker with room."""

    queue: Queue
    builds: int
    """How many more there would be for it, as far as its locks go."""


class Wanted(NamedTuple):
    """A worker to start, and for what."""

    worker: str
    reason: str
    first: OpenRequest
    """The request that goes first of those it is started for."""


def starts_for(unserved: Iterable[Unserved], startable: Collection[str], work: Work) -> list[Wanted]:
    """The workers to start, in the order of the configuration, for the queues in the order of their turns."""
    waiting = sorted((each for each in unserved if each.builds > 0), key=_turn)
    configuration = work.configurations.current
    if not waiting or configuration is None:
        return []
    room = _coming(configuration, work)
    down = [name for name in configuration.workers if name in startable]
    wanted: list[Wanted] = []
    for queue, builds in waiting:
        left = builds
        for name in (*room, *down):
            if left <= 0:
                break
            fits = queue.pool.fits(_view(configuration, work, name))
            if not fits or room.get(name, 1) <= 0:
                continue
            if name not in room:
                first = queue.first()
                assert first is not None, "something waits in it"
                wanted.append(Wanted(name, _reason(queue, builds), first))
                room[name] = configuration.workers[name].capacity
            taken = min(left, room[name])
            room[name] -= taken
            left -= taken
    return wanted


def _turn(each: Unserved) -> tuple[float, ...]:
    turn = each.queue.turn()
    assert turn is not None, "something waits in it"
    return turn


def _coming(configuration: Configuration, work: Work) -> dict[str, int]:
    """The room on workers that were started and haven't come yet."""
    return {
        name: configuration.workers[name].capacity
        for name, known in work.machines.known.items()
        if known.state.phase in ("requested", "started") and not known.arrived and name in configuration.workers
    }


def _view(configuration: Configuration, work: Work, name: str) -> WorkerView:
    """A worker as it will be: as the configuration says, and as it was when it was last there."""
    known = work.worker(name)
    if known is None or not known.name:
        # One that has enrolled and not connected yet has said nothing of itself.
        known = KnownWorker(name=name, capacity=configuration.workers[name].capacity)
    return worker_view(configuration, known)


def _reason(queue: Queue, builds: int) -> str:
    return f"{builds} builds of {queue.builder.name} wait" if builds > 1 else f"a build of {queue.builder.name} waits"
