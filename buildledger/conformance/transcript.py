"""What happened in a case, for the people who have to find out why it failed."""

from __future__ import annotations

import time
from collections import deque

_FIRST_LINES = 60
_LAST_LINES = 240


class Transcript:
    """Lines with the time since the beginning; of a long one, the beginning and the end."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._first: list[str] = []
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._left_out = 0

    @property
    def seconds(self) -> float:
        """Time since the beginning."""
        return time.monotonic() - self._began

    def add(self, who: str, what: str) -> None:
        """Note that `who` did `what`: `kit`, `worker`, `server` or `network`."""
        line = f"{self.seconds:8.3f}  {who:<8} {what}"
        if len(self._first) < _FIRST_LINES:
            self._first.append(line)
            return
        if len(self._last) == _LAST_LINES:
            self._left_out += 1
        self._last.append(line)

    def lines(self) -> list[str]:
        """All that is kept, in order."""
        gap = [f"          … {self._left_out} lines are left out …"] if self._left_out else []
        return [*self._first, *gap, *self._last]
