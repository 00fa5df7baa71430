"""What fails again and again for one cause, such as a full disk: said when it begins and when it has passed."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from buildledger.clock import Clock
from buildledger.wording import plural

REMINDED_AFTER = timedelta(minutes=10)
CALM_AFTER = timedelta(minutes=1)
"""Whoever isn't told that it has passed takes it for that after so long without a failure."""
SETTLED_AFTER = timedelta(seconds=2)
"""What succeeds so soon after a failure says nothing yet: on a full disk what is small enough still finds room."""
REASONS_MAX = 5
"""How many reasons of one outage have a line each."""


class Outage:
    """One line when it begins, one every ten minutes with how often it failed since, one when it has passed.

    Thread-safe. Without these, a full disk would fill the log with a line for every command that it refuses.
    """

    def __init__(
        self, log: logging.Logger, clock: Clock, *, level: int, failing: str, passed: str, noun: str, several: str = ""
    ) -> None:
        """`failing` is what can't be done, `passed` the same for when it can, `noun` what is counted (see `plural`)."""
        self._log, self._clock, self._level = log, clock, level
        self._failing, self._passed, self._noun, self._several = failing, passed, noun, several
        self._lock = threading.Lock()
        self._since: datetime | None = None
        self._told = self._last = clock.now()
        self._count = 0
        self._reasons: set[str] = set()

    def failed(self, reason: object, count: int = 1) -> None:
        """It has failed, for so many at once."""
        now, text = self._clock.now(), str(reason)
        with self._lock:
            if self._since is None:
                self._begin(now)
            self._count += count
            self._last = now
            known = text in self._reasons or len(self._reasons) >= REASONS_MAX
            if known and now - self._told < REMINDED_AFTER:
                return
            self._reasons.add(text)
            self._told = now
            self._log.log(self._level, "%s: %s; %s", self._failing, text, self._so_far())

    def succeeded(self) -> None:
        """It can be done: costs nothing where it could be done before."""
        if self._since is None:
            return
        with self._lock:
            if self._since is not None and self._clock.now() - self._last >= SETTLED_AFTER:
                self._log.warning("%s; %s", self._passed, self._so_far())
                self._since = None

    def calm(self) -> None:
        """Look whether it has passed, where nobody is told of successes: before the next `failed`."""
        with self._lock:
            if self._since is not None and self._clock.now() - self._last > CALM_AFTER:
                self._since = None

    def _begin(self, now: datetime) -> None:
        self._since, self._count = now, 0
        self._reasons.clear()

    def _so_far(self) -> str:
        return f"{plural(self._count, self._noun, self._several)} since {self._since:%Y-%m-%d %H:%M:%S} UTC"
