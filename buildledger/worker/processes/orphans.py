"""Kills processes of runs that an earlier worker process left, before those runs are reported as ended."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from buildledger.worker.journal.records import ProcessIdentity
from buildledger.worker.processes import procfs
from buildledger.worker.processes.cgroup import Cgroup
from buildledger.worker.processes.tree import Survivor

_PAUSE_SECONDS = 0.02
_EMPTY_ROUNDS = 3
# How often the log repeats that something can't be killed.
_COMPLAINT_ROUNDS = 500

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OrphanedRun:
    """How to recognise the processes of a run of an earlier worker process."""

    cookie: str
    process: ProcessIdentity | None


async def kill_orphans(orphans: Mapping[str, OrphanedRun]) -> dict[str, list[Survivor]]:
    """Kill every process of the runs and return, by the mapping's keys, who they were.

    Doesn't return before they are gone: a run that can't be ended must not be reported as ended.
    """
    killed: dict[str, dict[int, Survivor]] = {key: {} for key in orphans}
    if not orphans:
        return {}
    rounds = empty_rounds = 0
    # A process that is just becoming another program shows no mark: nothing has to be found several times.
    while (found := _find(orphans)) or empty_rounds < _EMPTY_ROUNDS:
        empty_rounds = 0 if found else empty_rounds + 1
        for key, pid, name in found:
            killed[key].setdefault(pid, Survivor(pid, name))
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        rounds += 1
        if found and rounds % _COMPLAINT_ROUNDS == 0:
            _log.error("processes of interrupted runs can't be killed: %s", sorted({pid for _, pid, _ in found}))
        await asyncio.sleep(_PAUSE_SECONDS)
    for orphan in orphans.values():
        if orphan.process is not None and orphan.process.cgroup is not None:
            Cgroup(Path(orphan.process.cgroup)).remove()
    return {key: list(survivors.values()) for key, survivors in killed.items()}


def _find(orphans: Mapping[str, OrphanedRun]) -> list[tuple[str, int, str]]:
    """Key, id and name of each living process that belongs to one of the runs."""
    processes = procfs.read_all_stats()
    by_cookie = {orphan.cookie: key for key, orphan in orphans.items()}
    roots: dict[str, set[int]] = {key: set() for key in orphans}
    for pid, cookie in procfs.with_cookies(set(by_cookie), processes):
        roots[by_cookie[cookie]].add(pid)
    for key, orphan in orphans.items():
        known = orphan.process
        if known is None:
            continue
        info = processes.get(known.pid)
        if info is not None and info.started_ticks == known.started_ticks:
            roots[key].update(other.pid for other in processes.values() if known.pid in (other.session, other.group))
        if known.cgroup is not None:
            roots[key].update(Cgroup(Path(known.cgroup)).members())
    return [
        (key, pid, processes[pid].name)
        for key, pids in roots.items()
        for pid in procfs.descendants(pids, processes)
        if pid in processes and not processes[pid].is_zombie and pid != os.getpid()
    ]
