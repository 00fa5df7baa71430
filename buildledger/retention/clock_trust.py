"""Whether the clock may be believed when things are removed for their age: one that was set ahead would remove all.

What is removed doesn't come back when the clock is right again. So a clock that has leapt is believed only after some
days: by then somebody has read what health says, or the leap was a time in which no server ran.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from buildledger.clock import Clock
from buildledger.ledger.ledger import Ledger
from buildledger.wording import plural

LEAP = timedelta(days=7)
"""From one fact to the next, or to the present: so long a silence may be a clock that was set ahead."""
BELIEVED_AFTER = timedelta(days=3)
"""After a leap."""
STEP_SECONDS = 60.0
"""By which a clock may differ from what has passed before it counts as set."""


class ClockTrust:
    """Watches the clock of this process, and looks in the ledger for what happened before."""

    def __init__(
        self, ledger: Ledger, clock: Clock, *, leap: timedelta = LEAP, believed_after: timedelta = BELIEVED_AFTER
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._leap, self._believed_after = leap, believed_after
        self._steady_since = clock.now(), clock.monotonic()
        self.doubt: str | None = None
        """Why the clock isn't believed, for people, as of the last check; None if it is."""

    def check(self) -> bool:
        """Whether the clock is believed. Blocks for a few queries."""
        now = self._clock.now()
        if self._steady(now) >= self._believed_after:
            self.doubt = None
        else:
            self.doubt = self._leap_before(now)
        return self.doubt is None

    def _steady(self, now: datetime) -> timedelta:
        """For how long this process has seen it go as time passes."""
        began, count = self._steady_since
        passed = now - began
        if abs(passed.total_seconds() - (self._clock.monotonic() - count)) > STEP_SECONDS:
            self._steady_since, passed = (now, self._clock.monotonic()), timedelta()
        return passed

    def _leap_before(self, now: datetime) -> str | None:
        """The leap that happened lately, if one did: a silence behind which all that is new lies."""
        head = self._ledger.head()
        first = self._first_since(now - self._believed_after, head)
        if first == 1:
            return None
        before = self._recorded_at(first - 1)
        after = now if first > head else self._recorded_at(first)
        if after > now or after - before < self._leap:
            return None
        days = plural((after - before).days, "day")
        return (
            f"nothing is removed for its age until {after + self._believed_after:%Y-%m-%d %H:%M} UTC: before"
            f" {after:%Y-%m-%d %H:%M} nothing was recorded for {days}, so the clock may have been set ahead; if it is"
            " wrong, set it right before then"
        )

    def _first_since(self, cutoff: datetime, head: int) -> int:
        """The first position, or the one behind the last, at which nothing is older; found by halving."""
        low, high = 1, head + 1
        while low < high:
            middle = (low + high) // 2
            if self._recorded_at(middle) >= cutoff:
                high = middle
            else:
                low = middle + 1
        return low

    def _recorded_at(self, position: int) -> datetime:
        return self._ledger.at(position).meta.recorded_at
