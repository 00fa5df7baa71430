"""Every loop of faults that `make faults` runs."""

from __future__ import annotations

from tests.faults.loop import Loop
from tests.faults.loops import alterations, checkouts, extremes, flipped_bits, kills, messages

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
        name="alterations",
        unit="alterations",
        count=1_500,
        kinds=alterations.KINDS,
        run=alterations.of_everything,
    ),
    Loop(
        name="flipped-bits",
        unit="bits",
        count=1_000,
        kinds=flipped_bits.KINDS,
        run=flipped_bits.of_everything,
    ),
    Loop(
        name="checkouts",
        unit="checkouts",
        count=checkouts.CHECKOUTS,
        kinds=checkouts.KINDS,
        run=checkouts.from_every_state,
    ),
    Loop(
        name="extremes",
        unit="extremes",
        count=12_000,
        kinds=extremes.KINDS,
        run=extremes.through_commands_and_api,
    ),
    Loop(
        name="extremes-workers",
        unit="messages",
        count=1_000,
        kinds=messages.KINDS,
        run=messages.from_workers,
    ),
)
