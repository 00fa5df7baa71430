"""The process tree of a run, which is signalled and killed as a whole.

They are found by their process group, by the cgroup where there is one, by the mark in their environment, and because
orphans among the descendants become children of the worker (it is a subreaper).
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from dataclasses import dataclass

from buildledger.worker.processes import procfs
from buildledger.worker.processes.cgroup import Cgroup
from buildledger.worker.processes.procfs import ProcessInfo

_PR_SET_CHILD_SUBREAPER = 36
# A killed process disappears within milliseconds, unless the kernel is stuck on its behalf.
_PAUSE_SECONDS = 0.01
_KILL_SECONDS = 10.0
# A process that is just becoming another program shows no environment for less than a millisecond, on a busy machine
# perhaps for some more.
_MOST_DOUBTS = 10


@dataclass(frozen=True, slots=True)
class Survivor:
    """A process that was killed because it outlived the root of its tree."""

    pid: int
    name: str


def become_subreaper() -> bool:
    """Have orphaned descendants handed to this process instead of to init; True if the system can."""
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


class ProcessReaper:
    """Reaps orphans that this process adopts, and tells them from the roots of its process trees."""

    def __init__(self, *, owns_process: bool) -> None:
        self.is_subreaper = become_subreaper()
        self.owns_process = owns_process
        self.trees: set[ProcessTree] = set()

    def adopted_orphans(self) -> list[int]:
        """Children of this process that aren't roots of trees: adopted orphans, and what the program itself runs."""
        roots = {tree.root for tree in self.trees}
        adopted_orphans = [pid for pid in procfs.children_of_this_process() if pid not in roots]
        return [pid for pid in adopted_orphans if not self._reaped(pid)] if self.owns_process else adopted_orphans

    def reap(self, infos: list[ProcessInfo]) -> None:
        """Reap zombies among adopted orphans."""
        for info in infos:
            if info.is_zombie and info.parent == os.getpid():
                self._reaped(info.pid)

    @staticmethod
    def _reaped(pid: int) -> bool:
        try:
            return os.waitpid(pid, os.WNOHANG)[0] == pid
        except ChildProcessError:
            return True


class ProcessTree:
    """The processes of one run, from `root` on, which leads its own session and group."""

    def __init__(self, reaper: ProcessReaper, root: int, cookie: str, cgroup: Cgroup | None) -> None:
        self.root = root
        self._reaper = reaper
        self._cookie = cookie
        self._cgroup = cgroup
        reaper.trees.add(self)

    @property
    def cgroup_path(self) -> str | None:
        """The path of its cgroup, if it has one."""
        return str(self._cgroup.path) if self._cgroup is not None else None

    @property
    def mechanism(self) -> str:
        """How the tree's processes are found, for people."""
        if self._cgroup is not None:
            return "cgroup_v2"
        return "subreaper" if self._reaper.is_subreaper else "process_group"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the root's process group; nothing if that is empty."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.root, number)

    async def kill_survivors(self) -> list[Survivor]:
        """After the root has ended: kill whoever is left, and return when they are gone, with who they were.

        Gives up after ten seconds on processes that the kernel doesn't let die.
        """
        killed: dict[int, Survivor] = {}
        deadline = time.monotonic() + _KILL_SECONDS
        doubts = 0
        while (left := self._left()) or (doubts < _MOST_DOUBTS and self._is_in_doubt()):
            doubts += not left
            if self._cgroup is not None:
                self._cgroup.kill()
            for info in left:
                killed.setdefault(info.pid, Survivor(info.pid, info.name))
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(info.pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        self._reaper.trees.discard(self)
        if self._cgroup is not None:
            self._cgroup.remove()
        return list(killed.values())

    def _left(self) -> list[ProcessInfo]:
        """Living processes of the tree; looks at all of /proc only if there may be some."""
        if not procfs.AVAILABLE:
            return self._left_of_group()
        escaped = self._escaped()
        if escaped is not None and not escaped and not self._group_exists() and not self._cgroup_members():
            return []
        processes = procfs.read_all_stats()
        if escaped is None:
            escaped = [pid for pid in processes if self._cookie in (procfs.cookies_of(pid) or "")]
        mine = self._members(processes, escaped)
        infos = [processes[pid] for pid in mine if pid in processes and pid != os.getpid()]
        self._reaper.reap(infos)
        return [info for info in infos if not info.is_zombie]

    def _escaped(self) -> list[int] | None:
        """Orphans of this tree that the worker adopted; None if it can't adopt, so that they may be anywhere."""
        if not self._reaper.is_subreaper:
            return None
        adopted_orphans = self._reaper.adopted_orphans()
        if self._reaper.owns_process and self._reaper.trees == {self}:
            return adopted_orphans
        return [pid for pid in adopted_orphans if self._cookie in (procfs.cookies_of(pid) or "")]

    def _is_in_doubt(self) -> bool:
        """Whether some orphan doesn't show at this moment whose it is."""
        if self._cgroup is not None or not self._reaper.is_subreaper:
            return False
        unmarked = [pid for pid in self._reaper.adopted_orphans() if procfs.cookies_of(pid) is None]
        return any((info := procfs.read_stat(pid)) is not None and not info.is_zombie for pid in unmarked)

    def _members(self, processes: dict[int, ProcessInfo], escaped: list[int]) -> set[int]:
        found = {info.pid for info in processes.values() if self.root in (info.session, info.group)}
        return procfs.descendants(found.union(self._cgroup_members(), escaped), processes)

    def _left_of_group(self) -> list[ProcessInfo]:
        """Without /proc only the group is known, and of it only that it isn't empty."""
        if not self._group_exists():
            return []
        self.signal(signal.SIGKILL)
        return []

    def _group_exists(self) -> bool:
        try:
            os.killpg(self.root, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def _cgroup_members(self) -> list[int]:
        return self._cgroup.members() if self._cgroup is not None else []
