"""Turns the growth of files into output, as `tail --follow=name` would."""

# Paths are bytes here, because file names need not be UTF-8, and pathlib has no such paths.
# ruff: noqa: PTH

import asyncio
import contextlib
import os
from collections.abc import Callable

from buildledger.slave_grpc.agent.containment import PathEscapesError, inside_followed

# A file's growth can't be waited for portably; only runs that ask for it pay for looking.
_INTERVAL_SECONDS = 0.2
_READ_BYTES = 1 << 16
_BYTES_PER_LOOK = 4 << 20


class WatchedFile:
    """One file that need not exist yet; a file that shrinks or is replaced is read again from its beginning."""

    def __init__(self, root: bytes, path: bytes, *, from_start: bool, feed: Callable[[bytes], None]) -> None:
        self._root = root
        self._path = path
        self._feed = feed
        self._identity: tuple[int, int] | None = None
        self._offset = 0
        if not from_start:
            with contextlib.suppress(OSError, PathEscapesError):
                status = os.stat(inside_followed(root, path))
                self._identity, self._offset = (status.st_dev, status.st_ino), status.st_size

    def look(self) -> None:
        """Feed what has been added, up to 4 MiB."""
        try:
            descriptor = os.open(inside_followed(self._root, self._path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, PathEscapesError):
            return
        try:
            status = os.fstat(descriptor)
            identity = (status.st_dev, status.st_ino)
            if identity != self._identity or status.st_size < self._offset:
                self._identity, self._offset = identity, 0
            end = min(status.st_size, self._offset + _BYTES_PER_LOOK)
            while self._offset < end and (data := os.pread(descriptor, _READ_BYTES, self._offset)):
                self._offset += len(data)
                self._feed(data)
        finally:
            os.close(descriptor)


async def watch(files: list[WatchedFile], is_held: Callable[[], bool]) -> None:
    """Look at the files again and again until cancelled; not while output is held back."""
    while True:
        if not is_held():
            for file in files:
                file.look()
        await asyncio.sleep(_INTERVAL_SECONDS)
