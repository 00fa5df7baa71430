"""Every loop of faults that `make faults` runs."""

from __future__ import annotations

from tests.faults.loop import Loop
from tests.faults.loops import alterations, checkouts, commands, cron, extremes, kills, messages, swaps

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
        name="commands",
        unit="requests",
        count=1_000,
        kinds=commands.KINDS,
        run=commands.of_people,
    ),
    Loop(
        name="alterations",
        unit="alterations",
        count=1_500,
        kinds=alterations.KINDS,
        run=alterations.of_everything,
    ),
    Loop(
        name="checkouts",
        unit="checkouts",
        count=checkouts.CHECKOUTS,
        kinds=checkouts.KINDS,
        run=checkouts.from_every_state,
    ),
    Loop(
        name="cron",
        unit="comparisons",
        count=6_000,
        kinds=cron.KINDS,
        run=cron.around_clock_changes,
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
    Loop(
        name="swaps",
        unit="runs",
        count=20_000,
        kinds=swaps.KINDS,
        run=swaps.in_every_worker,
    ),
)
