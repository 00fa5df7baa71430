"""A Windows to run programs on: a Wine prefix in `out/wine`, with one wineserver for all of a session."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent.parent
GO_WORKER = REPOSITORY / "workers" / "go"
DIRECTORY = REPOSITORY / "out" / "wine"
LIMIT_SECONDS = 240.0


class Windows:
    """Starts programs on it and looks at them from outside: each of its processes is one of Linux too."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def start(self, *argv: str | Path, output: Path, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a program that writes to a file; what is returned is its process, so that killing it is sudden."""
        with output.open("ab") as file:
            return subprocess.Popen(
                ["wine", *map(str, argv)],
                env=self._environment | (env or {}),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )

    def run(self, *argv: str | Path, directory: Path) -> str:
        """Run a program to its end and give what it printed, whatever its exit code."""
        output = directory / "output.txt"
        output.unlink(missing_ok=True)
        process = self.start(*argv, output=output)
        try:
            process.wait(LIMIT_SECONDS)
        finally:
            process.kill()
            process.wait()
        return output.read_text()


def windows_path(path: Path) -> str:
    """The name under which a file of this machine is known there."""
    return f"Z:{path}".replace("/", "\\")


def processes(word: str) -> list[int]:
    """The living processes that have a word on their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes()
            is_dead = (entry / "stat").read_text().rpartition(")")[2].startswith(" Z")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if word.encode() in line and not is_dead:
            found.append(int(entry.name))
    return sorted(found)


@contextmanager
def running_windows() -> Iterator[Windows]:
    """One that is kept running until the end, so that programs start quickly; the prefix stays for the next session."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    with (DIRECTORY / "lock").open("w") as lock:
        # another session of this clone would end our wineserver with its own
        fcntl.flock(lock, fcntl.LOCK_EX)
        lines = built("wine/prefix.sh", str(DIRECTORY), "env", "-0").split("\0")
        environment = dict(line.split("=", 1) for line in lines if "=" in line)
        _wineserver("-p", environment)
        try:
            yield Windows(environment)
        finally:
            _wineserver("-k", environment)
            _wineserver("-w", environment)


def _wineserver(option: str, environment: dict[str, str]) -> None:
    # it stays in the background and would keep a pipe open
    subprocess.run(
        ["wineserver", option],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def built(script: str, *arguments: str) -> str:
    """Run a script of the Go worker's folder with the virtual environment's Go in reach; gives what it printed."""
    tools = str(Path(sys.executable).parent)
    environment = dict(os.environ, PATH=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{tools}")
    done = subprocess.run(
        [GO_WORKER / script, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"{script} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
