"""Facts about the machines of elastic workers: started when there is work for them, stopped when there isn't."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from buildledger.events.fact import Fact
from buildledger.events.ids import BuildId


class MachineStartRequested(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A worker is to be started; the stream is that of the worker's machines, one after another."""

    NAME: ClassVar[str] = "machine.start_requested.v1"

    worker: str
    start: int
    """Counts the worker's machines, from 1. With the worker's name it is what a machine is found again by."""
    settings: str
    """How it is started, and will be stopped whatever the configuration says later: a `config.machines.Start`, JSON."""
    reason: str
    """What there is to do for it."""


class MachineStarted(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Its driver has started it; the worker says hello by itself, or it doesn't."""

    NAME: ClassVar[str] = "machine.started.v1"

    worker: str
    start: int
    place: str
    """Where it is, for people: `process 4711`, `host lab`, `job ci/bl-pods-3-5f0c1b2a`."""


class MachineStartFailed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """It could not be started, or the worker didn't connect in time; what is left of it will be stopped."""

    NAME: ClassVar[str] = "machine.start_failed.v1"

    worker: str
    start: int
    reason: str
    """What the driver or the worker's end said, for people."""


class MachineQuarantined(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The worker isn't started again before a time that lies farther away after each failure."""

    NAME: ClassVar[str] = "machine.quarantined.v1"

    worker: str
    until: datetime
    """Aware UTC."""
    failures: int
    """In a row, this one included."""
    reason: str
    """The last failure."""


class MachineReleased(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The quarantine is over; the failures are still counted."""

    NAME: ClassVar[str] = "machine.released.v1"

    worker: str
    reason: str
    """`the time is over`, or that the configuration was changed."""


class MachineIdle(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The worker is connected and has nothing to do; from here its idle time is counted."""

    NAME: ClassVar[str] = "machine.idle.v1"

    worker: str
    start: int
    after: BuildId | None = None
    """The build that it ended last; None: it has just come."""


class MachineStopRequested(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """No further build is given to the worker, and its machine is to be stopped."""

    NAME: ClassVar[str] = "machine.stop_requested.v1"

    worker: str
    start: int
    reason: str
    """Why, for people: idle, no longer configured, configured otherwise."""


class MachineStopped(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The machine is gone."""

    NAME: ClassVar[str] = "machine.stopped.v1"

    worker: str
    start: int
    reason: str
    """How it ended; for one that ended by itself, what it said last."""
