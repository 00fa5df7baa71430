"""Ends a run's process group and believes that to be all."""

import signal

from buildledger.slave_grpc.agent.__main__ import main
from buildledger.slave_grpc.agent.tree import ProcessTree, Survivor


async def unsound(self: ProcessTree) -> list[Survivor]:
    self.signal(signal.SIGKILL)
    self._household.trees.discard(self)
    return []


ProcessTree.sweep = unsound  # type: ignore[method-assign]
main()
