"""Types `buildledger init` and `buildledger serve` in a repository, and reads what is printed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from ruamel.yaml import YAML

from tests.fakes.ports import free_port
from tests.fakes.repository import Repository

PROJECTS = Path(__file__).parent / "projects"
COMMAND = (sys.executable, "-P", "-m", "buildledger")
SIGNED_IN = re.compile(r"with the token in (\S+),")
LOOK_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Project:
    """A small, real project, and what its first build is to be."""

    name: str
    found: str
    """In what `init` says."""
    builder: str
    steps: list[str]
    tests: int
    """How many results its report has."""
    files: dict[str, str]
    crlf: bool = False
    """Whether its lines end as on Windows."""


def project(name: str) -> Project:
    """One of those in `projects/`."""
    return Project(name=name, **YAML(typ="safe").load(PROJECTS / f"{name}.yaml"))


def names() -> list[str]:
    """All that are there."""
    return sorted(path.stem for path in PROJECTS.glob("*.yaml"))


def commit(found: Project, directory: Path) -> Repository:
    """A repository that has the project."""
    repository = Repository(directory)
    ends = "\r\n" if found.crlf else "\n"
    repository.commit("the first commit", **{name: text.replace("\n", ends) for name, text in found.files.items()})
    return repository


@dataclass(kw_only=True)
class Typed:
    """A terminal in a repository, of somebody with a home of their own."""

    directory: Path
    home: Path
    output: Path
    """What `serve` has printed."""
    http: int = field(default_factory=free_port)
    grpc: int = field(default_factory=free_port)
    _serving: subprocess.Popen[bytes] | None = None

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, "XDG_STATE_HOME": str(self.home / "state"), "PYTHONUNBUFFERED": "1"}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Type a command and wait for its end."""
        return subprocess.run(
            [*COMMAND, *words], cwd=self.directory, env=self._environment, capture_output=True, text=True, check=False
        )

    def serve(self) -> None:
        """Type `buildledger serve`, on ports that are free."""
        argv = [*COMMAND, "serve", "--http", f"127.0.0.1:{self.http}", "--grpc", f"127.0.0.1:{self.grpc}"]
        with self.output.open("ab") as output:
            self._serving = subprocess.Popen(
                argv, cwd=self.directory, env=self._environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def await_line(self, pattern: str, limit_seconds: float) -> str:
        """The first line that fits."""
        deadline = time.monotonic() + limit_seconds
        while True:
            said = self.output.read_text()
            if found := re.search(pattern, said, re.MULTILINE):
                return found[0]
            assert self._serving is not None
            assert self._serving.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(LOOK_SECONDS)

    def first_build(self, limit_seconds: float) -> str:
        """What is said at the end of the first build."""
        return self.await_line(r"^[✔!✘–↻] .*$", limit_seconds)

    def differences(self, expected: Project, said: str) -> list[str]:
        """What of the first build, whose end was `said`, isn't as expected; its page is that which was named."""
        started = rf"^… building {expected.builder}: main @ \w+  http://\S+/builds/(\S+)$"
        named = re.search(started, self.output.read_text(), re.MULTILINE)
        if named is None or not said.startswith(f"✔ {expected.builder}: main @ "):
            return [said]
        steps = [step["name"] for step in self.get(f"/builds/{named[1]}/steps")["items"]]
        tests = len(self.get(f"/builds/{named[1]}/tests")["items"])
        wrong = [] if steps == expected.steps else [f"the steps are {steps}"]
        return wrong if tests == expected.tests else [*wrong, f"there are {tests} results of tests"]

    def get(self, path: str) -> Any:
        """What the API answers to whoever has the token that `serve` speaks of."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Any) -> Any:
        """What the API answers to a command of theirs."""
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        signed_in = SIGNED_IN.search(self.output.read_text())
        assert signed_in is not None, self.output.read_text()
        headers = {"Authorization": f"Bearer {Path(signed_in[1]).read_text().strip()}"}
        address = f"http://127.0.0.1:{self.http}/api/v1{path}"
        return httpx.request(method, address, headers=headers, json=body, timeout=30).json()

    def kill(self) -> None:
        """Kill the server as nobody would: it can't do anything about it."""
        assert self._serving is not None
        self._serving.kill()
        self._serving.wait()

    def stop(self) -> int:
        """Press Ctrl-C; gives the exit code."""
        assert self._serving is not None
        self._serving.send_signal(signal.SIGINT)
        return self._serving.wait(60)

    def end_workers(self) -> None:
        """End the workers that the server has started, which outlive it."""
        for written in (self.home / "state").glob("buildledger/*/elastic/*/start-*.pid"):
            with suppress(ProcessLookupError, ValueError):
                os.kill(int(written.read_text()), signal.SIGTERM)


@contextmanager
def typed(directory: Path, home: Path) -> Iterator[Typed]:
    """A terminal; what was started in it is ended, the worker too."""
    home.mkdir(exist_ok=True)
    terminal = Typed(directory=directory, home=home, output=home / "output.txt")
    try:
        yield terminal
    finally:
        if terminal._serving is not None and terminal._serving.poll() is None:
            terminal.stop()
        terminal.end_workers()
