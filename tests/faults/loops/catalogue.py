"""Every loop of faults that `make faults` runs."""

from __future__ import annotations

from tests.faults.loop import Loop
from tests.faults.loops import checkouts, kills

LOOPS: tuple[Loop, ...] = (
    Loop(
        name="kills-sqlite",
        unit="kills",
        count=200,
        kinds=kills.KINDS,
        run=kills.on_sqlite,
    ),
    Loop(
        name="kills-postgresql",
        unit="kills",
        count=200,
        kinds=kills.KINDS,
        run=kills.on_postgresql,
    ),
    Loop(
        name="checkouts",
        unit="checkouts",
        count=checkouts.CHECKOUTS,
        kinds=checkouts.KINDS,
        run=checkouts.from_every_state,
    ),
)
