"""Files that somebody names: read without waiting for ever where one turns out to be a pipe."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from pathlib import Path

PIPE_SECONDS = 10.0
"""How long what is written into a pipe is waited for: programs that make a configuration take a while."""
PIECE_BYTES = 65_536

"""How long what is written into a pipe is waited for, altogether: programs that make a configuration take a while."""


def whereabouts(path: Path) -> Path:
    """The absolute path of a file, links followed; where they lead nowhere, in a circle, its own."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def read_file(path: Path, limit_bytes: int, *, pipe_seconds: float = PIPE_SECONDS) -> bytes:
    """The first bytes of a file, or of what a program writes into a pipe. Blocks, but not for longer than that.

    Raises:
        OSError: It can't be read, or is a pipe into which nothing comes.
        ValueError: The path holds a NUL.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return _from_pipe(descriptor, path, limit_bytes, time.monotonic() + pipe_seconds)
        return _whole(descriptor, limit_bytes)
    finally:
        os.close(descriptor)


def _whole(descriptor: int, limit_bytes: int) -> bytes:
    read = b""
    while len(read) < limit_bytes and (piece := os.read(descriptor, limit_bytes - len(read))):
        read += piece
    return read


def _from_pipe(descriptor: int, path: Path, limit_bytes: int, deadline: float) -> bytes:
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    read = b""
    while len(read) < limit_bytes:
        if not waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise OSError(errno.ETIMEDOUT, "it is a pipe, and nobody writes into it or closes it", str(path))
        piece = os.read(descriptor, min(PIECE_BYTES, limit_bytes - len(read)))
        if not piece:
            break
        read += piece
    return read
