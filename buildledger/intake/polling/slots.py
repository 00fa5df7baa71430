"""How many polls run at once: few that are quick, and beside them some that wait for a host."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

POLLS_AT_ONCE = 4
"""Over all sources; each has at most one process at a time."""
SLOW_POLLS_AT_ONCE = 16
"""Beside those: polls whose hosts let them wait. They cost memory only."""
SLOW_AFTER_SECONDS = 10.0
"""A poll that takes longer leaves its place to another."""


class PollSlots:
    """Places for polls, given out in the order they were asked for. Use it from one event loop.

    A host that hangs takes a place from the others for a few seconds only, then one of the slow ones.
    """

    def __init__(
        self,
        polls_at_once: int = POLLS_AT_ONCE,
        *,
        slow_at_once: int = SLOW_POLLS_AT_ONCE,
        slow_after_seconds: float = SLOW_AFTER_SECONDS,
    ) -> None:
        self._free = asyncio.Semaphore(polls_at_once)
        self._slow_left = slow_at_once
        self._slow_after_seconds = slow_after_seconds

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """A place, as long as the context lasts."""
        await self._free.acquire()
        slow = False

        def leave() -> None:
            nonlocal slow
            if self._slow_left > 0:
                slow = True
                self._slow_left -= 1
                self._free.release()

        timer = asyncio.get_running_loop().call_later(self._slow_after_seconds, leave)
        try:
            yield
        finally:
            timer.cancel()
            if slow:
                self._slow_left += 1
            else:
                self._free.release()
