"""Waiting until the views have reached a position: one wake-up for each event loop and batch."""

from __future__ import annotations

import asyncio
import threading
from contextlib import AbstractContextManager

from buildledger.ledger.loop_events import LoopEvents


class ProjectionProgress:
    """The position that every view has reached, and everybody who waits for it to move. Thread-safe."""

    def __init__(self, position: int = 0) -> None:
        self._position = position
        self._moved = threading.Condition()
        self._events = LoopEvents()
        self._closed = False
        self._standing = False

    @property
    def position(self) -> int:
        """Everything up to here can be read from every view."""
        return self._position

    @property
    def closed(self) -> bool:
        """Whether the views are closed, so that the position moves no further."""
        return self._closed

    @property
    def standing(self) -> bool:
        """Whether a view stands still for a while, so that nobody needs to wait for it."""
        return self._standing

    def publish(self, position: int, *, standing: bool = False) -> None:
        """Move, and wake whoever waits; the same again wakes nobody."""
        with self._moved:
            if (position, standing) == (self._position, self._standing):
                return
            self._position, self._standing = position, standing
            self._moved.notify_all()
        self._events.set_all()

    def close(self) -> None:
        """Wake everybody who waits; the position moves no further."""
        with self._moved:
            self._closed = True
            self._moved.notify_all()
        self._events.set_all()

    async def reached(self, position: int, timeout_seconds: float) -> bool:
        """Wait until the views are there; False when the time is over first, or one of them stands still."""
        if self._position >= position or self._standing:
            return self._position >= position
        try:
            async with asyncio.timeout(timeout_seconds):
                with self.subscribe() as event:
                    while self._position < position and not self._closed and not self._standing:
                        event.clear()
                        if self._position < position:
                            await event.wait()
        except TimeoutError:
            pass
        return self._position >= position

    def reached_blocking(self, position: int, timeout_seconds: float) -> bool:
        """Block this thread until the views are there; False when the time is over first."""
        with self._moved:
            self._moved.wait_for(lambda: self._position >= position or self._closed, timeout_seconds)
        return self._position >= position

    def subscribe(self) -> AbstractContextManager[asyncio.Event]:
        """An event on the running loop that is set whenever the position has moved; clear it before looking."""
        return self._events.subscribe()
