"""Bounds what all sessions together have received and not yet made durable."""

import asyncio


class Inflow:
    """A budget of bytes. Whoever is over it stops reading, and gRPC's flow control stops the worker."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._used_bytes = 0
        self._room = asyncio.Event()
        self._room.set()

    def take(self, size_bytes: int) -> None:
        """Count what was received; never waits, since it is in memory already."""
        self._used_bytes += size_bytes
        if self._used_bytes >= self._limit_bytes:
            self._room.clear()

    def give_back(self, size_bytes: int) -> None:
        """Count what is durable or dropped."""
        self._used_bytes -= size_bytes
        if self._used_bytes < self._limit_bytes:
            self._room.set()

    async def room(self) -> None:
        """Wait until there is room for more."""
        await self._room.wait()
