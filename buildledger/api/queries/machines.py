"""The machine of a worker that the server starts, from the columns of the worker's row."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from buildledger.api.models.workers import Machine, MachineStateName
from buildledger.projections.columns import optional_moment


def as_machine(row: sa.Row[Any], *, busy: bool) -> Machine | None:
    """The machine as it is answered; None for a worker that the server doesn't start."""
    if not row.driver and row.phase == "down":
        return None
    return Machine(
        driver=row.driver,
        state=_state(row, busy=busy),
        start=row.start,
        place=row.place,
        reason=row.machine_reason,
        failures=row.failures,
        quarantined_until=optional_moment(row.quarantined_until),
    )


def is_starting(row: sa.Row[Any]) -> bool:
    """Whether it was started and its worker hasn't connected since."""
    if row.phase != "up":
        return False
    return row.connected_at is None or row.connected_at < row.start_requested_at


def quarantine_reason(row: sa.Row[Any]) -> str:
    """Why it is in quarantine; empty if it isn't."""
    return row.machine_reason or "it has failed" if row.quarantined_until is not None else ""


def _state(row: sa.Row[Any], *, busy: bool) -> MachineStateName:
    if row.quarantined_until is not None:
        return "quarantined"
    if row.phase == "stopping":
        return "stopping"
    if row.phase == "down":
        return "stopped"
    if is_starting(row):
        return "starting"
    if row.status != "connected":
        return "away"
    return "busy" if busy else "idle"
