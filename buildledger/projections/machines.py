"""Columns of a worker that say how its machine is, if the server starts it."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from buildledger.events import machine as events
from buildledger.events.fact import Fact, Recorded
from buildledger.events.ids import worker_id
from buildledger.projections.columns import microseconds, number, text
from buildledger.projections.row_buffers import Row

FACTS: tuple[type[Fact], ...] = (
    events.MachineStartRequested,
    events.MachineStarted,
    events.MachineStartFailed,
    events.MachineQuarantined,
    events.MachineReleased,
    events.MachineIdle,
    events.MachineStopRequested,
    events.MachineStopped,
)

NONE: Row = {
    "driver": "",
    "phase": "down",
    "start": 0,
    "start_requested_at": None,
    "place": "",
    "machine_reason": "",
    "failures": 0,
    "quarantined_until": None,
}


def columns() -> list[sa.Column[Any]]:
    """`phase` is `down`, `up` or `stopping`; `driver` is empty for a worker that comes by itself."""
    return [
        text("driver"),
        text("phase"),
        number("start"),
        number("start_requested_at", nullable=True),
        text("place"),
        text("machine_reason"),
        number("failures"),
        number("quarantined_until", nullable=True),
    ]


def worker_of(recorded: Recorded) -> UUID | None:
    """Whose machine a fact is about; None if it is about none."""
    return worker_id(cast("Any", recorded.fact).worker) if type(recorded.fact) in FACTS else None


def change(recorded: Recorded, known: Row | None) -> Row | None:
    """What a fact about a machine changes; None if it is none."""
    match recorded.fact:
        case events.MachineStartRequested(worker=worker, start=start, reason=reason):
            return {
                "name": worker,
                "phase": "up",
                "start": start,
                "start_requested_at": microseconds(recorded.meta.recorded_at),
                "place": "",
                "machine_reason": reason,
                "quarantined_until": None,
            }
        case events.MachineStarted(place=place):
            return {"place": place}
        case events.MachineStartFailed(reason=reason) | events.MachineStopRequested(reason=reason):
            failed = isinstance(recorded.fact, events.MachineStartFailed)
            return {"phase": "stopping", "machine_reason": reason} | ({} if failed else {"failures": 0})
        case events.MachineQuarantined(until=until, failures=failures, reason=reason):
            return {"quarantined_until": microseconds(until), "failures": failures, "machine_reason": reason}
        case events.MachineReleased():
            return {"quarantined_until": None}
        case events.MachineIdle(after=after):
            return {"failures": 0 if after is not None or known is None else known["failures"]}
        case events.MachineStopped(reason=reason):
            stopping = known is not None and known["phase"] == "stopping"
            return {"phase": "down"} | ({} if stopping else {"machine_reason": reason})
        case _:
            return None
