"""The directory of files through which a worker and the supervisor of one attempt communicate."""

import contextlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buildledger.worker.processes import procfs
from buildledger.worker.processes.secret_files import remove_left_over

_CLAIM = "pid"
_EXIT = "exit"
_STOP = "stop"
_ATTENDED = "attended"
PRIVATE = 0o600
"""Of every file in the state directory, whatever the umask."""


@dataclass(frozen=True, slots=True)
class SupervisorIdentity:
    """Identifies a supervisor's process even after its id is reused, and the cgroup of its command if it has one."""

    pid: int
    started_ticks: int
    cgroup: str | None

    @property
    def is_alive(self) -> bool:
        """Whether the process is running."""
        info = procfs.read_stat(self.pid)
        return info is not None and info.started_ticks == self.started_ticks and not info.is_zombie


class SupervisedDirectory:
    """`<state>/supervised/<run>.<attempt>`: private to the worker's user, gone when the attempt is released."""

    def __init__(self, state_dir: Path, run_id: str, attempt: int) -> None:
        self.path = root_of(state_dir) / f"{run_id}.{attempt}"
        self.spool = self.path / "spool"
        self.events = self.path / "events"
        self.diagnostics = self.path / "diagnostics"

    def create(self) -> None:
        """Create it, or empty it if it exists.

        Raises:
            OSError: the disk is full or broken.
        """
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(mode=0o700)

    def remove(self) -> None:
        """Remove it with all that is in it. Blocks on the disk."""
        shutil.rmtree(self.path, ignore_errors=True)

    def remove_secrets(self, cookie: str) -> None:
        """Remove the secret files that a killed supervisor has left."""
        remove_left_over(cookie, self.path)
        shutil.rmtree(self.path / "secrets", ignore_errors=True)

    def claim(self) -> SupervisorIdentity | None:
        """The supervisor that runs the attempt; None if there is none, and then none can claim it later.

        Raises:
            OSError: the disk is full or broken.
        """
        mine = self.path / f"{_CLAIM}.worker"
        write_private(mine, json.dumps({"version": 1, "pid": 0}))
        try:
            os.link(mine, self.path / _CLAIM)
        except FileExistsError:
            claimed = self._read(_CLAIM) or {}
            if claimed.get("pid"):
                return SupervisorIdentity(claimed["pid"], claimed.get("started", 0), claimed.get("cgroup") or None)
        finally:
            mine.unlink()
        return None

    def exit(self) -> dict[str, Any] | None:
        """The supervisor's record of how the command ended; None if it hasn't written one."""
        return self._read(_EXIT)

    def ask_to_stop(self, order: dict[str, Any]) -> None:
        """Leave a stop order for a supervisor that was started by an earlier worker process.

        Raises:
            OSError: the disk is full or broken.
        """
        temporary = self.path / f"{_STOP}.worker"
        write_private(temporary, json.dumps(order))
        temporary.replace(self.path / _STOP)

    def mark_attended(self) -> None:
        """Touch the file by which a supervisor without a pipe sees that its worker is alive."""
        with contextlib.suppress(OSError):
            (self.path / _ATTENDED).touch(mode=PRIVATE)

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            content = json.loads((self.path / name).read_bytes())
        except (FileNotFoundError, ValueError):
            # Files appear whole; only a crash of the machine leaves another.
            return None
        return content if isinstance(content, dict) else None


def remove_strays(state_dir: Path, kept: set[str]) -> None:
    """Remove directories of attempts without a journal; a supervisor that still runs in one is ordered to stop."""
    root = root_of(state_dir)
    for path in root.iterdir() if root.is_dir() else ():
        run_id, _, attempt = path.name.partition(".")
        if path.name in kept or not attempt.isdecimal():
            continue
        directory = SupervisedDirectory(state_dir, run_id, int(attempt))
        with contextlib.suppress(OSError):
            if (identity := directory.claim()) is not None and identity.is_alive:
                directory.ask_to_stop({"stop": {"level": "kill", "grace": None, "reason": "abandoned"}})
                continue
        directory.remove()


def root_of(state_dir: Path) -> Path:
    """The directory that holds the directories of all attempts."""
    return state_dir / "supervised"


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read, from its first byte on and whatever the umask.

    Raises:
        OSError: the disk is full or broken.
    """
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "w", encoding="ascii") as file:
        file.write(text)
