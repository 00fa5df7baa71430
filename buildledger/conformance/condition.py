"""Waiting for something to become true, without asking again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Condition:
    """Waiters look again whenever somebody who changed something notifies them."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        """Have every waiter look again."""
        waiting, self._waiting = self._waiting, set()
        for each in waiting:
            if not each.done():
                each.set_result(None)

    async def until(self, condition: Callable[[], bool], limit_seconds: float) -> bool:
        """Wait until the condition holds; False if it doesn't in time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit_seconds
        while not condition():
            future = loop.create_future()
            self._waiting.add(future)
            timer = loop.call_at(deadline, _wake, future)
            try:
                await future
            finally:
                timer.cancel()
                self._waiting.discard(future)
            if loop.time() >= deadline:
                return condition()
        return True


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
