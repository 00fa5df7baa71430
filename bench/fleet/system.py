"""One server and a fleet of workers that do nothing but hold sessions, and the runs they are given."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench import processes
from bench.ours import BuildLedger
from bench.system import Setup

FLEET = Path(__file__).parent
FILES_PER_WORKER = 1
SPARE_FILES = 1_000
TOKEN_REQUESTS = 16
ENROLLED_SECONDS = 300.0


class Fleet:
    """A server with `size` workers connected to it from one other process."""

    def __init__(self, folder: Path, size: int) -> None:
        _allow_files(size * FILES_PER_WORKER + SPARE_FILES)
        driver = build(folder)
        names = tuple(f"fleet-{number}" for number in range(size))
        setup = Setup(builders=1, command=("true",), workers=0, capacity=1, other_workers=names)
        self.size = size
        self.server = BuildLedger(folder / "fleet", setup)
        self.memory_before_bytes = processes.memory_bytes(self.server.server_pid)
        self._standing: dict[str, int] = {}
        try:
            tokens = folder / "fleet" / "tokens.txt"
            with ThreadPoolExecutor(TOKEN_REQUESTS) as requests:
                made = requests.map(self.server.enrollment_token, names)
                tokens.write_text("".join(f"{name} {token}\n" for name, token in zip(names, made, strict=True)))
            self._driver = subprocess.Popen(
                [driver, "--server", self.server.grpc_address, "--tokens", tokens],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        except BaseException:
            self.server.stop()
            raise
        threading.Thread(target=self._listen, daemon=True).start()

    def __getitem__(self, name: str) -> int:
        """What the driver said last: `connected`, `runs`, `sessions`, `beats`, `lost`."""
        return self._standing.get(name, 0)

    def wait(self, what: str, condition: Callable[[], bool], seconds: float) -> None:
        """Return when the driver's standing makes `condition` true.

        Raises: TimeoutError, with how things stand; RuntimeError if the driver has ended.
        """

        def holds() -> bool:
            if self._driver.poll() is not None:
                raise RuntimeError(f"the fleet has ended with {self._driver.returncode}")
            return condition()

        try:
            processes.wait_until(what, holds, seconds)
        except TimeoutError as error:
            raise TimeoutError(f"{error}: {self._standing}") from None

    def all_connected(self) -> bool:
        """Whether each worker has been welcomed and is still there."""
        return self["connected"] == self.size

    def end_runs(self) -> None:
        """Have all runs exit with 0."""
        assert self._driver.stdin is not None
        self._driver.stdin.write("end\n")
        self._driver.stdin.flush()

    def stop(self) -> None:
        """End all processes."""
        self._driver.kill()
        self._driver.wait()
        self.server.stop()

    def _listen(self) -> None:
        assert self._driver.stdout is not None
        for line in self._driver.stdout:
            standing: dict[str, Any] = json.loads(line)
            self._standing = standing


def build(folder: Path) -> Path:
    """Compile the driver, if it has changed.

    Raises: RuntimeError if there is no Go; `make bench` brings one.
    """
    target = folder / "fleet-driver"
    completed = subprocess.run(
        ["go", "build", "-o", str(target), "."],
        cwd=FLEET,
        env={**os.environ, "CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if completed.returncode:
        raise RuntimeError(f"the fleet can't be built: {completed.stderr}")
    return target


def _allow_files(count: int) -> None:
    """Raise this process's limit of open files, which those it starts inherit.

    Raises: RuntimeError if the machine doesn't allow so many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise RuntimeError(f"{count} open files are needed and {hard} allowed: raise the limit (ulimit -Hn)")
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
