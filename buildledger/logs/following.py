"""Wake readers of a live log when it has grown, at no cost to logs that nobody watches."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID


class Watch:
    """One reader's interest in one log; growth that happens before it looks again is one wake-up."""

    def __init__(self) -> None:
        self.loop: Final = asyncio.get_running_loop()
        self._grown: Final = asyncio.Event()

    async def grown(self, seconds: float | None = None) -> bool:
        """Wait until the log has grown since the last call; False if it hasn't within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._grown.wait()
        except TimeoutError:
            return False
        self._grown.clear()
        return True

    def wake(self) -> None:
        """Say that the log has grown; on the watch's own loop."""
        self._grown.set()


class Watches:
    """Who watches which log. Watching happens on event loops, telling on any thread."""

    def __init__(self) -> None:
        self._watches: dict[UUID, set[Watch]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def watch(self, log_id: UUID) -> Iterator[Watch]:
        """Watch a log for as long as the context lasts."""
        watch = Watch()
        with self._lock:
            self._watches.setdefault(log_id, set()).add(watch)
        try:
            yield watch
        finally:
            with self._lock:
                others = self._watches[log_id]
                others.discard(watch)
                if not others:
                    del self._watches[log_id]

    def tell(self, grown: set[UUID]) -> None:
        """Wake everyone who watches one of the logs, with one wake-up per event loop."""
        if not self._watches:
            return
        with self._lock:
            awake = [watch for log_id in grown & self._watches.keys() for watch in self._watches[log_id]]
        for loop in {watch.loop for watch in awake}:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_wake_all, [watch for watch in awake if watch.loop is loop])


def _wake_all(watches: list[Watch]) -> None:
    for watch in watches:
        watch.wake()
