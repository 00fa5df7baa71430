"""Turns the growth of files into output, as `tail --follow=name` would."""

import asyncio
import os
from collections.abc import Callable, Sequence

from buildledger.worker.files.contained import opened
from buildledger.worker.files.paths import BuildDirectory, PathEscapesError

# A file's growth can't be waited for portably; only runs that ask for it pay for looking.
_INTERVAL_SECONDS = 0.2
_READ_BYTES = 1 << 16
_BYTES_PER_LOOK = 4 << 20


class WatchedFile:
    """One file that need not exist yet; a file that is cut short or replaced is read again from its beginning.

    Made before the command starts: what the command writes is new, however soon it writes it.
    """

    def __init__(self, directory: BuildDirectory, path: bytes, *, from_start: bool) -> None:
        self._directory = directory
        self._path = path
        # Kept open, so that the inode of a file that was replaced isn't given to its successor.
        self._descriptor = self._open()
        self._offset = 0
        if self._descriptor is not None and not from_start:
            self._offset = os.fstat(self._descriptor).st_size

    def poll(self, feed: Callable[[bytes], None]) -> None:
        """Feed what has been added, up to 4 MiB of each file that had the name."""
        if self._descriptor is not None:
            self._read(self._descriptor, feed)
        current = self._open()
        if current is None:
            return
        if self._descriptor is not None and os.path.samestat(os.fstat(current), os.fstat(self._descriptor)):
            os.close(current)
            return
        self.close()
        self._descriptor, self._offset = current, 0
        self._read(current, feed)

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int | None:
        try:
            with opened(self._directory) as tree, tree.open_file(self._path, follow=True) as file:
                return os.dup(file.fileno())
        except (OSError, PathEscapesError):
            return None

    def _read(self, descriptor: int, feed: Callable[[bytes], None]) -> None:
        size = os.fstat(descriptor).st_size
        if size < self._offset:
            self._offset = 0
        end = min(size, self._offset + _BYTES_PER_LOOK)
        while self._offset < end and (data := os.pread(descriptor, _READ_BYTES, self._offset)):
            self._offset += len(data)
            feed(data)


async def watch(polls: Sequence[Callable[[], None]], is_blocked: Callable[[], bool]) -> None:
    """Poll the files until cancelled, but not while output is blocked."""
    while True:
        if not is_blocked():
            for poll in polls:
                poll()
        await asyncio.sleep(_INTERVAL_SECONDS)
