"""The test suites of the repository, as they are run for one fault."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from tests.fakes.copies import environment

LIMIT_SECONDS = 300
"""A suite that runs for longer is ended: some faults make a program wait for ever."""
NO_TEST_RAN = (
    "[build failed]",
    "[setup failed]",
    "error during collection",
    "errors during collection",
    "no tests ran",
)
"""What suites print when they fail before a test does, which doesn't count as a test that failed."""


class Outcome(StrEnum):
    """What a suite said."""

    PASSED = "passed"
    FAILED = "failed"
    ENDLESS = "endless"
    """It did not end in time, which catches a fault, because the same tests end without it."""
    BROKEN = "broken"
    """It failed, but not because a test did."""

    @property
    def catches(self) -> bool:
        """Whether this says that the fault was noticed."""
        return self in (Outcome.FAILED, Outcome.ENDLESS)


class SuiteRun(NamedTuple):
    """One run of a suite."""

    outcome: Outcome
    seconds: float
    output: str


def run(suite: str, tests: Sequence[str], copy: Path) -> SuiteRun:
    """Run the named tests of a suite in a copy of the repository; ends at its first failure where the suite can."""
    argv, directory = _command(suite, tests)
    begun = time.monotonic()
    with subprocess.Popen(
        argv,
        cwd=copy / directory,
        env=environment(copy),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired as late:
            # With all that it started: a test that loops would go on by itself.
            os.killpg(process.pid, signal.SIGKILL)
            return SuiteRun(Outcome.ENDLESS, LIMIT_SECONDS, f"{late}")
    return SuiteRun(_outcome(process.returncode, output), time.monotonic() - begun, output)


def _command(suite: str, tests: Sequence[str]) -> tuple[list[str], str]:
    match suite:
        case "pytest":
            # Examples are the same in every run, so that a fault is caught or not, never by chance.
            return [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests], "."
        case "go":
            return ["go", "test", "-count=1", "-failfast", "-timeout=2m", *tests], "workers/go"
        case "node":
            return ["npx", "--no-install", "vitest", "run", "--bail=1", *tests], "workers/node"
        case _:
            return ["npx", "--no-install", "vitest", "run", "--bail=1", *tests], "dashboard"


def _outcome(code: int, output: str) -> Outcome:
    if code == 0:
        return Outcome.PASSED
    if any(sign in output for sign in NO_TEST_RAN):
        return Outcome.BROKEN
    return Outcome.FAILED
