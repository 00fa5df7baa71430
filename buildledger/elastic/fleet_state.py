"""Which machines there should be, and which should go: the fold of facts that this room follows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from buildledger.domain import machine as rules
from buildledger.domain.machine import MachineState
from buildledger.events import machine as events
from buildledger.events import worker as worker_events
from buildledger.events.catalogue import stored_names
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import WorkerId, worker_id

VERSION = 1
"""Raised whenever what is remembered changes its shape or its meaning."""

MACHINE_FACTS: tuple[type[Fact], ...] = (
    events.MachineStartRequested,
    events.MachineStarted,
    events.MachineStartFailed,
    events.MachineQuarantined,
    events.MachineReleased,
    events.MachineIdle,
    events.MachineStopRequested,
    events.MachineStopped,
)
WORKER_FACTS: tuple[type[Fact], ...] = (
    worker_events.WorkerConnected,
    worker_events.WorkerPaused,
    worker_events.WorkerResumed,
)
NAMES = stored_names(*MACHINE_FACTS, *WORKER_FACTS)


class Wanted(msgspec.Struct, kw_only=True):
    """One worker's machine, from the request to start it until it is gone."""

    worker: str
    state: MachineState = MachineState()
    requested_at: datetime
    leaving_since: datetime | None = None
    """When it was asked to stop, or had failed."""
    arrived: bool = False
    """Its worker has connected."""
    drained: bool = False
    """Its worker is paused because it asked for that on its way out."""


class FleetState(msgspec.Struct, kw_only=True):
    """All of them; empty when nothing runs and nothing is to run."""

    machines: dict[WorkerId, Wanted] = msgspec.field(default_factory=dict)

    def apply(self, recorded: Recorded) -> Wanted | None:
        """Take one fact in; gives the machine that it was about, as it is after it."""
        fact = recorded.fact
        if type(fact) in MACHINE_FACTS:
            return self._machine(recorded)
        wanted = self.machines.get(WorkerId(recorded.stream_id))
        if wanted is not None:
            match fact:
                case worker_events.WorkerConnected():
                    wanted.arrived = True
                case worker_events.WorkerPaused(by=by):
                    wanted.drained = by is worker_events.PausedBy.WORKER
                case worker_events.WorkerResumed():
                    wanted.drained = False
                case _:
                    return None
        return wanted

    def _machine(self, recorded: Recorded) -> Wanted | None:
        fact: Any = recorded.fact
        key = worker_id(fact.worker)
        if isinstance(fact, events.MachineStartRequested):
            self.machines[key] = Wanted(worker=fact.worker, requested_at=recorded.meta.recorded_at)
        if (wanted := self.machines.get(key)) is None:
            return None
        before = wanted.state.phase
        wanted.state = rules.evolve(wanted.state, fact)
        if wanted.state.phase == "stopping" and before != "stopping":
            wanted.leaving_since = recorded.meta.recorded_at
        if wanted.state.phase == "down":
            del self.machines[key]
        return wanted
