"""Computes when crontab expressions are due around every change of many zones' clocks, and compares it with others."""

from __future__ import annotations

import random

from tests.domain.cron_comparison import EVERY, SET_TIMES, ZONES, clock_changes, difference
from tests.faults.loop import LoopOptions, LoopOutcome

KINDS = ("differ",)
YEARS = range(2009, 2038)


def around_clock_changes(options: LoopOptions) -> LoopOutcome:
    """Every expression at every change of these years; of more than are asked for, some by chance."""
    changes = [(name, at) for name in ZONES for year in YEARS for at in clock_changes(name, year)]
    cases = [(at, *each) for each in changes for at in (*SET_TIMES, *EVERY)]
    random.Random(options.seed).shuffle(cases)
    outcome = LoopOutcome(note=f"of {len(cases):,}: {len(changes):,} changes of the clocks in {len(ZONES)} zones")
    for at, name, change in cases[: options.count]:
        if said := difference(at, name, change):
            outcome.add("differ", f"{at} in {name} at {change:%Y-%m-%d}: {said}")
        outcome.done += 1
        if outcome.done % 1000 == 0:
            options.say(f"{outcome.done} of {min(options.count, len(cases))}")
    return outcome
