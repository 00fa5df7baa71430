"""The time. Nothing else in the package reads a clock; tests have one that they move (`testing/clock.py`)."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

LONGEST_SLEEP_SECONDS = 30.0
"""A sleeper looks at the clock again after this, so that it follows one that was set."""
SET_BACK_SECONDS = 1.0
"""A clock that is so much behind what has passed was set back."""


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The time of day; aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from some beginning; never goes back."""
        ...

    async def sleep_until(self, at: datetime) -> None:
        """Return at that time of day or soon after, at once if it is over, or when the clock was set back."""
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
        offset = self._offset()
        while self._offset() > offset - SET_BACK_SECONDS:
            seconds = (at - self.now()).total_seconds()
            if seconds <= 0:
                return
            await asyncio.sleep(min(seconds, LONGEST_SLEEP_SECONDS))

    def _offset(self) -> float:
        return self.now().timestamp() - self.monotonic()
