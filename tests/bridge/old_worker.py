"""The far end of the bridge: the unchanged `buildbot-worker` package, created and started as its users do."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).resolve().parents[2] / ".venv" / "buildbot" / "bin"
STOP_SECONDS = 60.0


class OldWorker:
    """One worker directory, and the process over it."""

    def __init__(self, directory: Path, *, port: int, name: str, password: str) -> None:
        if not (PROGRAMS / "twistd").exists():
            pytest.fail("the tests of the bridge need buildbot-worker: run `make .venv/.stamps/buildbot`")
        self.directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        if (directory / "buildbot.tac").exists():
            return
        create = [str(PROGRAMS / "buildbot-worker"), "create-worker", "--quiet", "--protocol=msgpack_experimental_v7"]
        subprocess.run([*create, str(directory), f"127.0.0.1:{port}", name, password], check=True, capture_output=True)

    @property
    def log(self) -> str:
        """What it has written to its log."""
        path = self.directory / "twistd.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Start it, as `buildbot-worker start --nodaemon` does."""
        (self.directory / "twistd.pid").unlink(missing_ok=True)
        with (self.directory / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                [PROGRAMS / "twistd", "--no_save", "--nodaemon", "--python=buildbot.tac"],
                cwd=self.directory,
                env={**os.environ, "FLEET": "old"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def kill(self) -> None:
        """SIGKILL: what it has started goes on."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
