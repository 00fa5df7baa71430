"""Ends a run's process group and believes that to be all."""

import asyncio
import signal

from buildledger.worker.command_line import main
from buildledger.worker.processes import procfs
from buildledger.worker.processes.tree import ProcessTree, Survivor


def members(group: int) -> list[int]:
    return [each.pid for each in procfs.read_all_stats().values() if each.group == group and not each.is_zombie]


async def unsound(self: ProcessTree) -> list[Survivor]:
    self.signal(signal.SIGKILL)
    while members(self.root):  # noqa: ASYNC110 - nobody tells when a process is gone
        await asyncio.sleep(0.01)
    self._reaper.trees.discard(self)
    return []


ProcessTree.kill_survivors = unsound  # type: ignore[method-assign]
main()
