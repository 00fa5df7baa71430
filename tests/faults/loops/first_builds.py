"""The first build of each kind of project in two commands: timed, and again with the server killed in the middle."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.loop import LoopOptions, LoopOutcome
from tests.first_build.two_commands import Project, commit, names, project, typed

RED, SLOW, KILLED = "not green", "slower than 60 s", "not green after a kill"
KINDS = (RED, SLOW, KILLED)
LIMIT_SECONDS = 60.0
PATIENCE_SECONDS = 300.0


def in_two_commands(options: LoopOptions) -> LoopOutcome:
    """Each project in turn; every second round the server dies while the build runs, and is started again."""
    outcome = LoopOutcome()
    slowest = ("", 0.0)
    for number in range(options.count):
        name = names()[number % len(names())]
        kill = number // len(names()) % 2 == 1
        seconds = _build_once(options, number, name, kill, outcome)
        slowest = max(slowest, (name, seconds), key=lambda each: each[1])
        options.say(f"{name}: {seconds:.1f} s{', killed' if kill else ''}")
    outcome.note = f"the slowest: {slowest[0]}, {slowest[1]:.0f} s"
    return outcome


def _build_once(options: LoopOptions, number: int, name: str, kill: bool, outcome: LoopOutcome) -> float:
    """The seconds from the first command to the end of the build."""
    expected = project(name)
    outcome.done += 1
    # not in `options.directory`: what is built there has this repository above itself, and pytest takes its settings
    with (
        TemporaryDirectory(prefix="first-build-") as place,
        typed(_repository(expected, place), Path(place, "home")) as terminal,
    ):
        began = time.monotonic()
        terminal.run("init")
        terminal.serve()
        try:
            if kill:
                terminal.await_line("^… building ", PATIENCE_SECONDS)
                terminal.kill()
                terminal.serve()
            said = terminal.first_build(PATIENCE_SECONDS)
            wrong = terminal.differences(expected, said)
        except AssertionError as error:
            wrong = [str(error)]
        seconds = time.monotonic() - began
    if wrong:
        outcome.add(KILLED if kill else RED, f"{name}: {'; '.join(wrong)}")
    elif seconds > LIMIT_SECONDS:
        outcome.add(SLOW, f"{name}: {seconds:.0f} s")
    return seconds


def _repository(expected: Project, place: str) -> Path:
    return commit(expected, Path(place, "widget")).path
