"""A clock for tests: time moves only when it is told to."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count


class VirtualClock:
    """A `Clock` whose time a test moves; whoever sleeps until a time wakes when it has been reached."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start
        self._passed = 0.0
        self._numbers = count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """See `Clock`."""
        return self._now

    def monotonic(self) -> float:
        """See `Clock`."""
        return self._passed

    async def sleep_until(self, at: datetime) -> None:
        """See `Clock`."""
        if at > self._now:
            sleeper = asyncio.get_running_loop().create_future()
            heapq.heappush(self._sleepers, (at, next(self._numbers), sleeper))
            await sleeper

    def advance(self, seconds: float) -> None:
        """Let so much time pass; whoever slept until then wakes, in order."""
        self.advance_to(self._now + timedelta(seconds=seconds))

    def advance_to(self, at: datetime) -> None:
        """Let time pass until then; never back."""
        self._passed += max(0.0, (at - self._now).total_seconds())
        self._move(max(self._now, at))

    def set(self, at: datetime) -> None:
        """Set the clock, ahead or back, while no time passes; if back, every sleeper wakes, as with a real clock."""
        back = at < self._now
        self._now = at
        while back and self._sleepers:
            _, _, sleeper = heapq.heappop(self._sleepers)
            if not sleeper.done():
                sleeper.set_result(None)
        self._move(at)

    def _move(self, to: datetime) -> None:
        self._now = to
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, sleeper = heapq.heappop(self._sleepers)
            if not sleeper.done():
                sleeper.set_result(None)
