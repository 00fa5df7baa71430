"""The state of the machines that the server starts for workers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from buildledger.domain import machine as rules
from buildledger.domain.machine import MachineState
from buildledger.events import machine
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import BuildId
from buildledger.reactors.reactor import Fold

FACTS: tuple[type[Fact], ...] = (
    machine.MachineStartRequested,
    machine.MachineStarted,
    machine.MachineStartFailed,
    machine.MachineQuarantined,
    machine.MachineReleased,
    machine.MachineIdle,
    machine.MachineStopRequested,
    machine.MachineStopped,
)


class KnownMachine(msgspec.Struct, kw_only=True):
    """The machine of one worker."""

    state: MachineState = MachineState()
    arrived: bool = False
    """Whether its worker has connected since the last start."""
    idle_at: datetime | None = None
    """When `MachineIdle` was recorded for it; None if it wasn't since the last start."""
    last_build: BuildId | None = None
    """The build that ended on it last; None if none has since the last start."""

    @property
    def is_starting(self) -> bool:
        """Whether it was started and its worker hasn't connected since."""
        return self.state.phase in ("requested", "started") and not self.arrived


class Machines:
    """The machines by their workers' names. One is kept for each worker that was ever started."""

    def __init__(self) -> None:
        self.known: dict[str, KnownMachine] = {}

    def folds(self) -> Mapping[type[Fact], Fold]:
        """The facts that it folds, and by which functions."""
        return dict.fromkeys(FACTS, self._changed)

    def state(self, worker: str) -> MachineState:
        """The state of a worker's machine; the initial state if it never had one."""
        known = self.known.get(worker)
        return MachineState() if known is None else known.state

    def clock_set(self, now: datetime) -> None:
        """Let no machine be idle since, or be quarantined until, a time that only a wrong clock can have meant."""
        for known in self.known.values():
            if known.idle_at is not None:
                known.idle_at = min(known.idle_at, now)
            if (until := known.state.quarantined_until) is not None:
                ends = min(until, now + rules.LONGEST_QUARANTINE)
                known.state = msgspec.structs.replace(known.state, quarantined_until=ends)

    def worker_came(self, worker: str) -> None:
        """Note that a worker has connected."""
        if (known := self.known.get(worker)) is not None:
            known.arrived = True

    def build_ended(self, worker: str, build_id: BuildId) -> None:
        """Note that a build has ended on a worker."""
        if (known := self.known.get(worker)) is not None:
            known.last_build = build_id

    def _changed(self, recorded: Recorded, fact: Any) -> None:
        known = self.known.setdefault(fact.worker, KnownMachine())
        known.state = rules.evolve(known.state, fact)
        match fact:
            case machine.MachineStartRequested():
                known.arrived, known.idle_at, known.last_build = False, None, None
            case machine.MachineIdle():
                known.idle_at = recorded.meta.recorded_at
            case _:
                return
