"""Every command gets Ctrl-C, SIGTERM or SIGHUP; the long loop of `make faults` has the other moments."""

from __future__ import annotations

import signal
from pathlib import Path
from random import Random

from tests.faults.interruption import Press, interrupted, place

SEED = 11
LONGEST_SECONDS = 0.6


def test_each_command_at_some_moment(tmp_path: Path) -> None:
    """One line and the exit code of the signal, or the end that the command's help promises, and nothing is left."""
    dice, shown = Random(SEED), []
    with place(tmp_path) as lines:
        for number, line in enumerate(lines):
            first = Press(after_seconds=dice.uniform(0, LONGEST_SECONDS), number=signal.SIGINT)
            presses = [first] * (1 + number % 2)
            shown.append(interrupted(line, tmp_path, presses))
    assert [(each.complaint(), str(each)) for each in shown if each.complaint()] == []
    assert {128 + signal.SIGINT} <= {each.code for each in shown}
