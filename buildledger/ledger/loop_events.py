"""Events of tasks on several event loops, set from any thread with one call a loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class LoopEvents:
    """The events of everybody who waits for one thing to change. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: dict[asyncio.AbstractEventLoop, set[asyncio.Event]] = {}

    @contextmanager
    def subscribe(self) -> Iterator[asyncio.Event]:
        """An event on the running loop, set at every change; clear it before looking at what has changed."""
        loop = asyncio.get_running_loop()
        event = asyncio.Event()
        with self._lock:
            self._events.setdefault(loop, set()).add(event)
        try:
            yield event
        finally:
            with self._lock:
                events = self._events[loop]
                events.discard(event)
                if not events:
                    del self._events[loop]

    def loops(self) -> set[asyncio.AbstractEventLoop]:
        """The loops on which somebody waits."""
        with self._lock:
            return set(self._events)

    def set_all(self) -> None:
        """Set every event, from any thread."""
        for loop in self.loops():
            call_on(loop, self.set_on, loop)

    def set_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Set the events of one loop; call it there."""
        for event in tuple(self._events.get(loop, ())):
            event.set()


def call_on(loop: asyncio.AbstractEventLoop, callback: Callable[..., None], *arguments: object) -> None:
    """Have a loop call `callback`, from any thread; a closed loop, on which nobody waits any more, does nothing."""
    try:
        loop.call_soon_threadsafe(callback, *arguments)
    except RuntimeError:
        return
