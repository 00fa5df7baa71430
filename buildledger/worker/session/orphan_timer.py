"""Ends the runs of a worker that has been without a server for too long."""

import asyncio

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.session.attempt_registry import AttemptRegistry


class OrphanTimer:
    """Runs from the loss of the server to the next session; nobody may be waiting for the runs any more."""

    def __init__(self, registry: AttemptRegistry) -> None:
        self._registry = registry
        self._handle: asyncio.TimerHandle | None = None

    def start(self, limit_seconds: float) -> None:
        """End all runs after that long; 0: never. What runs already goes on as it was begun."""
        if self._handle is None and limit_seconds:
            self._handle = asyncio.get_running_loop().call_later(
                limit_seconds, self._registry.stop_all, pb.EXIT_REASON_ORPHANED, pb.STOP_LEVEL_INTERRUPT
            )

    def stop(self) -> None:
        """There is a server, or no worker any more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
