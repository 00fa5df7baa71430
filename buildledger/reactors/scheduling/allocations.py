"""What builds take while they are assigned: a slot on their worker, and their locks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from buildledger.config.resolved import Builder, Configuration
from buildledger.events.build import BuildAssigned
from buildledger.events.ids import BuildId, RequestId
from buildledger.reactors.builds.contexts import worker_view
from buildledger.reactors.scheduling.pools import Pool, Pools
from buildledger.reactors.scheduling.queues import Locks
from buildledger.reactors.state.shared import KnownWorker


class Place(NamedTuple):
    """What one build has taken."""

    worker: str
    builder: Builder | None
    """For its locks; None if its configuration doesn't have it."""
    requests: tuple[RequestId, ...]


class Freed(NamedTuple):
    """What a build gave back."""

    place: Place
    pools: Iterable[Pool]
    """Those that have room again."""
    queues: Iterable[int]
    """Those that waited for one of its locks."""


class Placing:
    """Slots and locks under one configuration; builds that are only wished for count too."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self.pools = Pools()
        self.locks = Locks({lock.name: lock.count for lock in configuration.locks.values()})
        self._places: dict[BuildId, Place] = {}

    def place(self, build_id: BuildId, assigned: BuildAssigned, builder: Builder | None) -> None:
        """A build takes what it needs, once. `builder` is that of the configuration it is pinned to."""
        if build_id in self._places:
            return
        self._places[build_id] = Place(assigned.worker, builder, assigned.requests)
        self.pools.take(assigned.worker)
        if builder is not None:
            self.locks.take(builder)

    def free(self, build_id: BuildId) -> Freed | None:
        """It gives everything back; None if it has nothing."""
        place = self._places.pop(build_id, None)
        if place is None:
            return None
        pools = self.pools.give_back(place.worker)
        queues = self.locks.give_back(place.builder) if place.builder is not None else ()
        return Freed(place, pools, queues)

    def see(self, worker: KnownWorker, *, leaving: bool) -> Iterable[Pool]:
        """A worker came, went or changed, or is about to be stopped; gives the pools in which it has room."""
        if not worker.name:
            return ()
        configured = worker.name in self._configuration.workers
        may = worker.connected and configured and not (worker.paused or worker.revoked or leaving)
        view = worker_view(self._configuration, worker)
        return self.pools.set_worker(worker.name, view, view.capacity if may else 0)
