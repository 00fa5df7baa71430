"""Checks out from every state of a directory by every method, from repositories that stayed and that have moved."""

from __future__ import annotations

import random
import shutil

from tests.faults.loop import LoopOptions, LoopOutcome
from tests.steps.checkout_states import PRODUCT, Site

KINDS = ("not healed",)
CHECKOUTS = 2 * len(PRODUCT)


def from_every_state(options: LoopOptions) -> LoopOutcome:
    """Each state with each method, twice: with the address that the clone was made from, and with another one."""
    stayed, moved = Site(options.directory / "stayed"), Site(options.directory / "moved")
    moved.world.moved(options.directory / "elsewhere")
    chosen = [(site, *each) for site in (stayed, moved) for each in PRODUCT]
    random.Random(options.seed).shuffle(chosen)
    outcome = LoopOutcome()
    for site, state, method, into in chosen[: options.count]:
        place = options.directory / "build"
        wrong = site.heal(place, state, method, into)
        how = f"{state.name}, {method or 'incremental'} into {into}, {'moved' if site is moved else 'stayed'}"
        if wrong:
            outcome.add("not healed", f"{how}: {'; '.join(wrong[:5])}")
        outcome.done += 1
        shutil.rmtree(place)
        if outcome.done % 100 == 0:
            options.say(f"{outcome.done} of {min(options.count, len(chosen))}")
    return outcome
