"""Ends a run's process group and believes that to be all."""

import asyncio
import signal

from buildledger.worker.__main__ import main
from buildledger.worker.processes import procfs
from buildledger.worker.processes.tree import ProcessTree, Survivor


def members(group: int) -> list[int]:
    return [each.pid for each in procfs.look_at_all().values() if each.group == group and not each.is_dead]


async def unsound(self: ProcessTree) -> list[Survivor]:
    self.signal(signal.SIGKILL)
    while members(self.root):  # noqa: ASYNC110 - nobody tells when a process is gone
        await asyncio.sleep(0.01)
    self._household.trees.discard(self)
    return []


ProcessTree.sweep = unsound  # type: ignore[method-assign]
main()
