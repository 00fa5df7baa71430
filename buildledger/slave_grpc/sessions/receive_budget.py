"""Bounds how many bytes all sessions together have received and not yet made durable."""

import asyncio


class ReceiveBudget:
    """A budget of bytes. A session over it stops reading its stream, so that gRPC's flow control stops the worker."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._used_bytes = 0
        self._room = asyncio.Event()
        self._room.set()

    def charge(self, size_bytes: int) -> None:
        """Count bytes that were received; never waits, since they are in memory already."""
        self._used_bytes += size_bytes
        if self._used_bytes >= self._limit_bytes:
            self._room.clear()

    def release(self, size_bytes: int) -> None:
        """Count bytes that are durable or were dropped."""
        self._used_bytes -= size_bytes
        if self._used_bytes < self._limit_bytes:
            self._room.set()

    async def wait_for_room(self) -> None:
        """Wait until the budget isn't used up."""
        await self._room.wait()
