"""The limit on output that waits on disk for the server's acknowledgement."""

from collections.abc import Callable


class SpoolBudget:
    """Counts the unacknowledged output of all runs of a worker against one limit."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.used_bytes = 0
        self._waiting: list[Callable[[], None]] = []

    @property
    def is_full(self) -> bool:
        """Whether no more output should be read from any run."""
        return self.used_bytes >= self.limit_bytes

    def on_free(self, callback: Callable[[], None]) -> None:
        """Call `callback` once, when at least a quarter of the limit is free."""
        self._waiting.append(callback)

    def change(self, by_bytes: int) -> None:
        """Count output that was written (positive) or freed (negative)."""
        self.used_bytes += by_bytes
        if self._waiting and self.used_bytes <= self.limit_bytes * 3 // 4:
            waiting, self._waiting = self._waiting, []
            for callback in waiting:
                callback()
