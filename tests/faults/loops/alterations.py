"""What an installation stores is altered again and again, and `audit verify` has to find and to name it each time."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

from buildledger.audit.installation import stored_installation
from buildledger.audit.report import Report
from tests.faults.alterations import ALTERATIONS
from tests.faults.lived_in import lived_in
from tests.faults.loop import LoopOptions, LoopOutcome

UNSEEN, UNNAMED, TRACEBACK = "unseen", "unnamed", "tracebacks"
KINDS = (UNSEEN, UNNAMED, TRACEBACK)
BUILDS = 3
SAY_EVERY = 100


def of_everything(options: LoopOptions) -> LoopOutcome:
    """Alter each kind of stored thing in turn."""
    left = lived_in(options.directory / "lived", BUILDS)
    outcome = LoopOutcome(note=f"{len(ALTERATIONS)} kinds")
    names = list(ALTERATIONS)
    for number in range(options.count):
        name = names[number % len(names)]
        alter_once(left, options.directory / "altered", name, f"{options.seed}-{number}", outcome)
        if outcome.done % SAY_EVERY == 0:
            options.say(f"{outcome.done} of {options.count}")
    return outcome


def alter_once(left: Path, place: Path, name: str, seed: str, outcome: LoopOutcome) -> None:
    """Alter a copy in one way, and note what the audit didn't say."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(left, place, ignore=shutil.ignore_patterns("mirrors"))
    alter, check = ALTERATIONS[name]
    altered = alter(place, Random(seed))
    outcome.done += 1
    about = f"{name} (seed {seed}): {altered.what}"
    try:
        report = verified(place)
    except Exception as error:
        outcome.add(TRACEBACK, f"{about}: {type(error).__name__}: {error}")
        return
    if check not in {finding.check for finding in report.findings}:
        outcome.add(UNSEEN, about)
    elif altered.names not in report.to_text():
        outcome.add(UNNAMED, f"{about}: {altered.names}")


def verified(state: Path) -> Report:
    """What the audit of a state directory says."""
    with stored_installation(state, f"sqlite:///{state / 'ledger.db'}") as stored:
        return stored.verify()
