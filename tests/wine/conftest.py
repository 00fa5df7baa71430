"""One Windows and one set of programs for all tests of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wine.windows import DIRECTORY, Windows, built, running_windows

PROGRAMS = DIRECTORY / "programs"
CHECKS = DIRECTORY / "checks"


@pytest.fixture(scope="session")
def windows() -> Iterator[Windows]:
    """A Windows that runs."""
    with running_windows() as the_windows:
        yield the_windows


@pytest.fixture(scope="session")
def worker_program() -> Path:
    """The worker, in a directory with a space and an umlaut."""
    program = PROGRAMS / "grüne dir" / "bl-worker.exe"
    built("build.sh", str(PROGRAMS), "windows/amd64")
    program.parent.mkdir(exist_ok=True)
    return (PROGRAMS / "bl-worker-windows-amd64.exe").replace(program)


@pytest.fixture(scope="session")
def checks() -> Path:
    """The directory of what `workers/go/wine/checks.sh` builds."""
    built("wine/checks.sh", str(CHECKS))
    return CHECKS
