"""The machines of elastic workers, as their facts left them."""

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
    """Its worker has connected."""
    idle_at: datetime | None = None
    """When it was noted that it has nothing to do."""
    last_build: BuildId | None = None
    """What the present machine ended last."""

    @property
    def is_starting(self) -> bool:
        """It was started, and its worker hasn't connected since."""
        return self.state.phase in ("requested", "started") and not self.arrived


class Machines:
    """All of them, by the worker's name; its size is that of the elastic workers there ever were."""

    def __init__(self) -> None:
        self.known: dict[str, KnownMachine] = {}

    def folds(self) -> Mapping[type[Fact], Fold]:
        """Which facts it takes in, and how."""
        return dict.fromkeys(FACTS, self._changed)

    def state(self, worker: str) -> MachineState:
        """The machine's state; that of a worker without one is the beginning."""
        known = self.known.get(worker)
        return MachineState() if known is None else known.state

    def worker_came(self, worker: str) -> None:
        """The worker is connected."""
        if (known := self.known.get(worker)) is not None:
            known.arrived = True

    def build_ended(self, worker: str, build_id: BuildId) -> None:
        """A build on the worker is over."""
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
