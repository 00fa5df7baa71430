"""The time: the system's, or one that tests move by hand. Nothing else in the house reads a clock."""

from __future__ import annotations

import asyncio
import heapq
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Protocol

LONGEST_SLEEP_SECONDS = 30.0
"""A sleeper looks at the clock again after this, so that it follows one that was set."""


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The time of day; aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from some beginning; never goes back."""
        ...

    async def sleep_until(self, at: datetime) -> None:
        """Return at that time of day or soon after; at once if it is over."""
        ...


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """See `Clock`."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """See `Clock`."""
        return time.monotonic()

    async def sleep_until(self, at: datetime) -> None:
        """See `Clock`."""
        while True:
            seconds = (at - self.now()).total_seconds()
            if seconds <= 0:
                return
            await asyncio.sleep(min(seconds, LONGEST_SLEEP_SECONDS))


class VirtualClock:
    """A time that moves only when it is told to."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = self._now = start
        self._numbers = count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """See `Clock`."""
        return self._now

    def monotonic(self) -> float:
        """See `Clock`."""
        return (self._now - self._start).total_seconds()

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
        self._now = max(self._now, at)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, sleeper = heapq.heappop(self._sleepers)
            if not sleeper.done():
                sleeper.set_result(None)
