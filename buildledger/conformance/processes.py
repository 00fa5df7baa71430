"""What the operating system says about processes. Only Linux says all of it; elsewhere there may be no answer."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from buildledger.conformance.worker import CASE_VARIABLE

_PROC = Path("/proc")
CAN_LOOK = sys.platform.startswith("linux")


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


def kill_marked(case_mark: str) -> list[int]:
    """Kill whatever a case left behind: processes that inherited its mark in their environment."""
    mark = f"{CASE_VARIABLE}={case_mark}".encode()
    killed = []
    for pid in _all():
        with contextlib.suppress(OSError):
            if mark in (_PROC / str(pid) / "environ").read_bytes().split(b"\0") and is_alive(pid):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
    return killed


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
