"""Reads Linux's /proc; on other systems it finds no processes."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Each run's processes carry it in their environment: the marks of all runs around them, outermost first.
COOKIE_VARIABLE = "BUILDLEDGER_COOKIE"

_PROC = "/proc"
AVAILABLE = Path(_PROC, "self/stat").exists()
_MAIN_THREAD_CHILDREN = f"{_PROC}/self/task/{os.getpid()}/children"
_LONGEST_NAME = 256


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A process as it was when looked at."""

    pid: int
    name: str
    state: str
    parent: int
    group: int
    session: int
    started_ticks: int
    """Clock ticks since boot; with the pid it names the process beyond reuse."""

    @property
    def is_zombie(self) -> bool:
        """Ended, and only waiting for its parent to notice."""
        return self.state in "ZX"


def read_stat(pid: int) -> ProcessInfo | None:
    """What /proc says about `pid`, or None if there is no such process."""
    content = _read(f"{_PROC}/{pid}/stat")
    if not content:
        return None
    # The name stands in parentheses and may hold anything, also parentheses.
    name_end = content.rfind(b")")
    name = content[content.find(b"(") + 1 : name_end].decode("utf-8", "replace")
    fields = content[name_end + 2 :].split()
    return ProcessInfo(
        pid=pid,
        name=name[:_LONGEST_NAME],
        state=fields[0].decode("ascii"),
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        started_ticks=int(fields[19]),
    )


def read_all_stats() -> dict[int, ProcessInfo]:
    """Every process that can be seen, by id."""
    if not AVAILABLE:
        return {}
    pids = (int(name) for name in os.listdir(_PROC) if name.isdigit())
    return {info.pid: info for info in map(read_stat, pids) if info is not None}


def cookies_of(pid: int) -> str | None:
    """The run cookies in the environment a process was started with, or "" if it has none.

    None if there is nothing to read: it cleared its environment, it is gone, or it is being replaced by another program
    at this very moment and will have one in an instant.
    """
    content = _read(f"{_PROC}/{pid}/environ")
    if not content:
        return None
    prefix = f"{COOKIE_VARIABLE}=".encode()
    for variable in content.split(b"\0"):
        if variable.startswith(prefix):
            return variable[len(prefix) :].decode("ascii", "replace")
    return ""


def children_of_this_process() -> list[int]:
    """Children of the main thread: those it started and, for a subreaper, every orphan among its descendants."""
    return [int(pid) for pid in _read(_MAIN_THREAD_CHILDREN).split()]


def descendants(roots: set[int], processes: dict[int, ProcessInfo]) -> set[int]:
    """`roots` and all their descendants, as far as parents are alive."""
    children: dict[int, list[int]] = {}
    for info in processes.values():
        children.setdefault(info.parent, []).append(info.pid)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, ())
    return found


def with_cookies(wanted: set[str], processes: dict[int, ProcessInfo]) -> Iterator[tuple[int, str]]:
    """Each process that carries one of the cookies, with the cookie."""
    for pid in processes:
        carried = set((cookies_of(pid) or "").split(":")) & wanted
        for cookie in carried:
            yield pid, cookie


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""
