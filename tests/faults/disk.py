"""A disk of its own for a directory: it can be full or read-only for whoever lives on it, and for nobody else."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FILLER = "filler"
PAGE_BYTES = 4096
READY = "ready"


class Disk:
    """A tmpfs mounted over a directory in a mount namespace, which a process that does nothing holds open."""

    def __init__(self, holder: int, at: Path) -> None:
        self._holder, self._at = holder, at

    @property
    def directory(self) -> Path:
        """The directory as it is seen by who hasn't entered."""
        return self.seen(self._at)

    def seen(self, path: Path) -> Path:
        """Where something on the disk is for who hasn't entered."""
        return Path(f"/proc/{self._holder}/root{path}")

    def enter(self) -> None:
        """Have this process, which has one thread, see the disk from now on."""
        own = [(kind, Path(f"/proc/self/ns/{kind}").readlink()) for kind in ("user", "mnt")]
        libc = ctypes.CDLL(None, use_errno=True)
        for kind, link in own:
            path = Path(f"/proc/{self._holder}/ns/{kind}")
            if path.readlink() != link:
                with path.open() as namespace:
                    if libc.setns(namespace.fileno(), 0):
                        number = ctypes.get_errno()
                        raise OSError(number, os.strerror(number), str(path))

    def fill(self) -> None:
        """Take all the room there is."""
        with (self.directory / FILLER).open("ab", buffering=0) as file:
            size = 1 << 24
            while size >= PAGE_BYTES:
                try:
                    written = file.write(b"\0" * size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    written = 0
                if written < size:
                    size //= 2

    def make_room(self) -> None:
        """Give it back."""
        (self.directory / FILLER).unlink()

    def make_read_only(self) -> None:
        """Let nothing be opened for writing any more; what is open stays as it is."""
        self._run("mount", "--bind", str(self._at), str(self._at))
        self._run("mount", "-o", "remount,bind,ro", str(self._at))

    def make_writable(self) -> None:
        """Let files be opened for writing again."""
        self._run("mount", "-o", "remount,bind,rw", str(self._at))

    @property
    def _as_owner(self) -> tuple[str, ...]:
        own = Path("/proc/self/ns/user").readlink()
        return () if Path(f"/proc/{self._holder}/ns/user").readlink() == own else ("-U", "--preserve-credentials")

    @property
    def entering(self) -> tuple[str, ...]:
        """What comes before a command line that is to see the disk."""
        return ("nsenter", "-t", str(self._holder), *self._as_owner, "-m")

    def _run(self, *command: str) -> None:
        subprocess.run((*self.entering, *command), check=True, capture_output=True)


@contextmanager
def disk(at: Path, size_bytes: int) -> Iterator[Disk]:
    """An empty one, gone afterwards; skips where nobody may mount one."""
    at.mkdir(parents=True, exist_ok=True)
    command = f"mount -t tmpfs -o size={size_bytes} none {at} && echo {READY} && exec sleep infinity"
    privileged = subprocess.run(("unshare", "-m", "true"), capture_output=True).returncode == 0
    alone = "-m" if privileged else "-rm"
    holder = subprocess.Popen(("unshare", alone, "sh", "-c", command), stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        if holder.stdout.readline().strip() != READY:
            pytest.skip("no file system can be mounted here")
        yield Disk(holder.pid, at)
    finally:
        holder.kill()
        holder.communicate()
