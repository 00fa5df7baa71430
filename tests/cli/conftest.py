"""A server that was started by its own command, and commands run against it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from buildledger.cli.main import group
from tests.fakes.ports import free_port

DEADLINE_SECONDS = 60.0
CONFIG = """\
version: 1
server: {title: A server for the command line}
sources:
  app: {git: %s, poll: never}
workers:
  local: {capacity: 2}
builders:
  tests:
    steps: [{checkout: app}, {run: [make, test]}]
  tidy:
    when: change.branch == 'release'
    steps: [{run: [make, tidy]}]
triggers:
  - {on: manual, build: [tests, tidy]}
  - {on: change, name: pushed, source: app, build: [tidy]}
"""


class ServedDirectory:
    """A state directory and the process of `buildledger serve` that runs in it."""

    def __init__(self, directory: Path) -> None:
        self.config = directory / "ci.yaml"
        self.config.write_text(CONFIG % directory)
        self.state = directory / "state"
        self.http, self.grpc = free_port(), free_port()
        self.output = directory / "output.txt"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Start the server and wait until it says where it serves."""
        addresses = ["--http", f"127.0.0.1:{self.http}", "--grpc", f"127.0.0.1:{self.grpc}"]
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "buildledger", "serve", "--state", str(self.state), *addresses, *options],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        deadline = time.monotonic() + DEADLINE_SECONDS
        while b" serves http" not in self.output.read_bytes():
            assert self._process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.02)

    def stop(self) -> int:
        """End the server by SIGTERM; gives its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(DEADLINE_SECONDS)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDirectory]:
    """A running server whose configuration is applied."""
    directory = ServedDirectory(tmp_path_factory.mktemp("served"))
    directory.start("--config", str(directory.config))
    yield directory
    assert directory.stop() == 0, directory.output.read_text()


Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Runs a command line in this process; `run("config", "check", path)`."""

    def invoke(*argv: str | Path) -> Result:
        return CliRunner().invoke(group, [str(argument) for argument in argv], prog_name="buildledger")

    return invoke


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a server that has run and was stopped."""
    served = ServedDirectory(tmp_path_factory.mktemp("left"))
    served.start("--config", str(served.config))
    assert served.stop() == 0
    return served.state


@pytest.fixture
def copied(left: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(left, tmp_path / "copy", ignore=shutil.ignore_patterns("*.sock")))
