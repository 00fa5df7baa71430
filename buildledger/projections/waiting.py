"""Why a request waits: a pure function of the configuration, the workers and what runs. Not stored, so always true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from buildledger.config.evaluate import Context, WorkerView, worker_fits
from buildledger.config.resolved import Builder, Configuration

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


class Reason(NamedTuple):
    """Why, as a code and in words, and which workers it is about."""

    code: Code
    text: str
    workers: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Place:
    """A worker, and how much of it is taken."""

    name: str
    configured: bool
    connected: bool
    paused: bool
    labels: Mapping[str, str]
    capacity: int
    taken: int
    starting: bool = False
    """The server has started it, and it hasn't come yet."""
    quarantined: str = ""
    """Why it can't be started for the time being; empty: it can, or comes by itself."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """Everything that requests may have to wait for."""

    places: tuple[Place, ...]
    running: tuple[str, ...]
    """The builder of each build that runs."""

    @cached_property
    def _fitting(self) -> dict[str, tuple[Place, ...]]:
        return {}

    def fitting(self, builder: Builder) -> tuple[Place, ...]:
        """The configured workers that may run the builder; worked out once for each builder."""
        known = self._fitting.get(builder.name)
        if known is None:
            known = self._fitting[builder.name] = tuple(
                place
                for place in self.places
                if place.configured
                and worker_fits(
                    builder,
                    Context(worker=WorkerView(name=place.name, labels=place.labels, capacity=place.capacity)),
                )
            )
        return known


def why_waiting(configuration: Configuration | None, builder: str, site: Site) -> Reason:
    """The first thing that keeps a waiting request of this builder from being assigned."""
    configured = None if configuration is None else configuration.builders.get(builder)
    if configuration is None or configured is None:
        return Reason("builder_not_configured", f"builder {builder} is not in the configuration")
    fitting = site.fitting(configured)
    if not fitting:
        return Reason("no_worker_fits", "no configured worker fits this builder")
    connected = [place for place in fitting if place.connected]
    starting = [place for place in fitting if place.starting]
    if not connected and starting:
        return Reason("worker_starting", f"{_some(starting)} being started", _names(starting))
    if not connected and all(place.quarantined for place in fitting):
        why = f"{_which(fitting)} can't be started: {fitting[0].quarantined}"
        return Reason("workers_quarantined", why, _names(fitting))
    if not connected:
        return Reason("no_worker_connected", f"{_workers(fitting)} not connected", _names(fitting))
    willing = [place for place in connected if not place.paused]
    if not willing:
        return Reason("workers_paused", f"{_workers(connected)} paused", _names(connected))
    if (lock := _lock_held(configuration, configured, site)) is not None:
        return Reason("lock_held", f"the lock {lock} is held by running builds")
    free = [place for place in willing if place.taken < place.capacity]
    if not free and starting:
        return Reason("worker_starting", f"{_some(starting)} being started", _names(starting))
    if not free:
        return Reason("workers_busy", f"{_workers(willing)} busy", _names(willing))
    return Reason("next", "it will be assigned in a moment", _names(free))


def _lock_held(configuration: Configuration, builder: Builder, site: Site) -> str | None:
    if not builder.locks:
        return None
    held: Counter[str] = Counter()
    for name in site.running:
        running = configuration.builders.get(name)
        for use in running.locks if running is not None else ():
            held[use.lock] += use.take
    for use in builder.locks:
        lock = configuration.locks.get(use.lock)
        if lock is not None and held[use.lock] + use.take > lock.count:
            return use.lock
    return None


def _names(places: Sequence[Place]) -> tuple[str, ...]:
    return tuple(place.name for place in places)


def _which(places: Sequence[Place]) -> str:
    if len(places) == 1:
        return f"worker {places[0].name}, the only one that fits,"
    return f"all {len(places)} workers that fit"


def _workers(places: Sequence[Place]) -> str:
    return f"{_which(places)} {'is' if len(places) == 1 else 'are'}"


def _some(places: Sequence[Place]) -> str:
    return f"worker {places[0].name} is" if len(places) == 1 else f"{len(places)} workers that fit are"
