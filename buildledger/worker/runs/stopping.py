"""A request to end a run, which can only become more urgent."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb


class StopRequest:
    """Why and how hard a run is to be ended; the first reason stands, the highest level counts."""

    def __init__(self) -> None:
        self.reason = pb.EXIT_REASON_UNSPECIFIED
        self.level = pb.STOP_LEVEL_UNSPECIFIED
        self.grace_seconds: float | None = None
        self._made = asyncio.Event()
        self._changed = asyncio.Event()

    @property
    def is_made(self) -> bool:
        """Whether the run is to be ended."""
        return self.reason != pb.EXIT_REASON_UNSPECIFIED

    def make(
        self, reason: pb.ExitReason.ValueType, level: pb.StopLevel.ValueType, grace_seconds: float | None = None
    ) -> None:
        """Ask for the end; repeating a request changes nothing."""
        if not self.is_made:
            self.reason = reason
        elif level <= self.level:
            return
        self.level = max(self.level, level)
        self.grace_seconds = grace_seconds
        self._made.set()
        self._changed.set()

    def note_made(self, reason: pb.ExitReason.ValueType, level: pb.StopLevel.ValueType) -> None:
        """Record that a supervisor has stopped the run by itself; nobody is notified."""
        if not self.is_made:
            self.reason = reason
        self.level = max(self.level, level)
        self._made.set()

    async def made(self) -> None:
        """Wait until it is made."""
        await self._made.wait()

    async def levels_of(
        self, policy: Sequence[tuple[pb.StopLevel.ValueType, float]]
    ) -> AsyncIterator[pb.StopLevel.ValueType]:
        """Each level of a stop policy when it is due, the first once the end is asked for; more urgency skips ahead."""
        await self.changed()
        for level, policy_seconds in policy:
            if level < self.level:
                continue
            yield level
            grace = policy_seconds if self.grace_seconds is None else self.grace_seconds
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace):
                    await self.changed()

    async def changed(self) -> None:
        """Wait until it is made, or made more urgent, since the last time this returned."""
        await self._changed.wait()
        self._changed.clear()
