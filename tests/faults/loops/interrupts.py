"""Every command is interrupted at any moment from its first on, while other processes have the processors busy."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

from tests.faults.interruption import any_presses, interrupted, place
from tests.faults.loop import LoopOptions, LoopOutcome

KINDS = ("misled", "silent", "another exit code", "went on", "left behind")
LONGEST_SECONDS, LONGEST_RUNNING_SECONDS = 1.0, 4.0
"""Until when the first signal comes; the latter to what would go on for ever, and has more to do before it does."""
SAID_EVERY = 50


def of_every_command(options: LoopOptions) -> LoopOutcome:
    """One command after the other, until as many were interrupted as were asked for."""
    outcome, early = LoopOutcome(), 0
    dice = random.Random(options.seed)
    codes: Counter[int | None] = Counter()
    subprocess.run(["git", "init", "--quiet", str(options.directory)], check=True)
    with place(options.directory) as command_lines, busy(os.cpu_count() or 1):
        number = 0
        while outcome.done < options.count:
            line = command_lines[number % len(command_lines)]
            number += 1
            longest = LONGEST_RUNNING_SECONDS if line.goes_on else LONGEST_SECONDS
            ended = interrupted(line, options.directory, any_presses(dice, longest))
            if not ended.presses:
                continue
            outcome.done += 1
            early += ended.was_too_early
            codes[ended.code] += 1
            if complaint := ended.complaint():
                outcome.add(complaint, str(ended))
            if outcome.done % SAID_EVERY == 0:
                options.say(f"{outcome.done} interrupts")
    outcome.note = f"{early} came before the interpreter ran a first line of theirs; exit codes: " + ", ".join(
        f"{code} {count}×" for code, count in sorted(codes.items(), key=str)
    )
    return outcome


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that do nothing but compute."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()
