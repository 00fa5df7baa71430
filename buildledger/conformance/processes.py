"""What the operating system says about processes. Only Linux says all of it; elsewhere there may be no answer."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from buildledger.conformance.worker import CASE_VARIABLE

_PROC = Path("/proc")
CAN_LOOK = sys.platform.startswith("linux")
LONGEST_END_SECONDS = 10.0
_LOOK_SECONDS = 0.01


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is only waiting to be reaped doesn't."""
    if CAN_LOOK:
        fields = _stat(pid)
        return bool(fields) and fields[0] not in "ZX"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def memory_bytes(session: int) -> int:
    """Peak resident memory of the processes of a session, together; 0 where it can't be learnt."""
    total = 0
    for pid in _all():
        fields = _stat(pid)
        if len(fields) > 3 and int(fields[3]) == session:
            with contextlib.suppress(OSError):
                for line in (_PROC / str(pid) / "status").read_text().splitlines():
                    if line.startswith("VmHWM:"):
                        total += int(line.split()[1]) << 10
    return total


def parent_of(pid: int) -> int:
    """Process id of the parent; 0 where it can't be learnt."""
    fields = _stat(pid)
    return int(fields[1]) if len(fields) > 1 else 0


def end_marked(case_mark: str, limit_seconds: float = LONGEST_END_SECONDS) -> list[int]:
    """Kill whatever a case left behind; gives those that are still there when the time is up.

    That is every process that inherited the case's mark in its environment, also those that outlive their worker on
    purpose, with what stems from them or is in their session: a run may have cleared its environment.
    """
    mark = f"{CASE_VARIABLE}={case_mark}".encode()
    deadline = time.monotonic() + limit_seconds
    while left := _belonging(mark):
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            break
        time.sleep(_LOOK_SECONDS)
    return left


def _belonging(mark: bytes) -> list[int]:
    """Living processes with the mark, their descendants, and whoever shares a session that began with one of them."""
    living: dict[int, list[str]] = {}
    marked: set[int] = set()
    for pid in _all():
        fields = _stat(pid)
        if len(fields) > 3 and fields[0] not in "ZX":
            living[pid] = fields
            with contextlib.suppress(OSError):
                if mark in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                    marked.add(pid)
    found: set[int] = set()
    while grown := {
        pid
        for pid, fields in living.items()
        if pid not in found and (pid in marked or int(fields[1]) in found or int(fields[3]) in found)
    }:
        found |= grown
    return sorted(found)


def _all() -> Iterator[int]:
    if CAN_LOOK:
        yield from (int(each.name) for each in _PROC.iterdir() if each.name.isdigit())


def _stat(pid: int) -> list[str]:
    """State, parent, group, session, …; empty if there is no such process."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return []
    return text.rpartition(") ")[2].split()
