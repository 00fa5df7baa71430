"""Finding processes of this machine by their mark, and stopping them; by Linux's /proc."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
AVAILABLE = sys.platform == "linux" and (_PROC / "self/environ").exists()


def holds(pid: int, mark: str) -> bool:
    """Whether a process is there and was started with this mark (`NAME=value`); one that can't be read counts."""
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except PermissionError:
        return True
    except OSError:
        return False
    return mark.encode() in environment.split(b"\0")


def stop(pid: int, mark: str, *, force: bool) -> bool:
    """Send a process SIGTERM, or SIGKILL, if it is still the one with the mark; False: it isn't there."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        # looked at through a descriptor, so that it can't become another process before the signal
        if not holds(pid, mark):
            return False
        signal.pidfd_send_signal(descriptor, signal.SIGKILL if force else signal.SIGTERM)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def kill_marked(mark: str) -> int:
    """Kill every process with the mark that can be seen; gives how many there were."""
    return sum(stop(pid, mark, force=True) for pid in _readable(mark))


def _readable(mark: str) -> Iterator[int]:
    for entry in _PROC.iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if mark.encode() in environment.split(b"\0"):
            yield int(entry.name)
