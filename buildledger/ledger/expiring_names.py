"""Names that are remembered until a time, also by the next process: proofs that were shown, sessions that ended."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from pathlib import Path

_log = logging.getLogger(__name__)
SPARE_LINES = 1_000
"""The file is written anew when it has so many lines more than twice what is remembered."""


class ExpiringNames:
    """A set whose members expire. Thread-safe; a crash of the machine, not one of the process, may lose the last."""

    def __init__(self, path: Path | None, now: float, most: int) -> None:
        """Take up what `path` has; without one nothing outlives the process. The oldest go first beyond `most`."""
        self._path = path
        self._most = most
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}
        self._lines = 0
        if path is not None:
            self._read(path, now)
            self._keep(path, None)

    def add(self, name: str, until: float, now: float) -> bool:
        """Remember a name, which has no white space, until a time in seconds; False if it is known already."""
        with self._lock:
            self._forget(now)
            if name in self._until:
                return False
            self._until[name] = until
            if self._path is not None:
                self._keep(self._path, name)
            return True

    def __contains__(self, name: str) -> bool:
        with self._lock:
            return name in self._until

    def _forget(self, now: float) -> None:
        while self._until:
            first = next(iter(self._until))
            if len(self._until) < self._most and self._until[first] >= now:
                return
            del self._until[first]

    def _read(self, path: Path, now: float) -> None:
        with contextlib.suppress(FileNotFoundError):
            for line in path.read_text(errors="replace").splitlines():
                until, _, name = line.partition(" ")
                if until.isdigit() and name and int(until) >= now:
                    self._until[name] = float(until)

    def _keep(self, path: Path, name: str | None) -> None:
        """Write a name down. A disk that takes nothing lets nobody in twice: this process remembers it all the same."""
        try:
            if name is None or self._lines > 2 * len(self._until) + SPARE_LINES:
                self._rewrite(path)
            else:
                self._append(path, f"{self._until[name]:.0f} {name}\n")
        except OSError as error:
            _log.warning("%s can't be written, so a restart would forget it: %s", path, error.strerror)

    def _rewrite(self, path: Path) -> None:
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.unlink(missing_ok=True)
        self._append(beside, "".join(f"{until:.0f} {name}\n" for name, until in self._until.items()))
        beside.replace(path)
        self._lines = len(self._until)

    def _append(self, path: Path, text: str) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)
        self._lines += 1
