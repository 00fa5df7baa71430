"""Tells followers and callers that something is durable: one wake-up for each event loop and commit, not one each."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

from buildledger.ledger.loop_events import LoopEvents, call_on
from buildledger.ledger.submission import Receipt, Submission


class Answer(NamedTuple):
    """The receipt or the error that the caller of one submission gets."""

    submission: Submission
    receipt: Receipt | None
    error: Exception | None


class CommitNotifier:
    """The head that everybody may read up to, and everybody who waits for it to move. Thread-safe."""

    def __init__(self, head: int) -> None:
        self._head = head
        self._closed = False
        self._moved = threading.Condition()
        self._events = LoopEvents()

    @property
    def head(self) -> int:
        """Every fact up to this position is durable and readable."""
        return self._head

    @property
    def closed(self) -> bool:
        """Whether the ledger is closed, so that no further fact will come."""
        return self._closed

    def publish(self, head: int, answers: list[Answer]) -> None:
        """Move the head (never back), wake its followers and answer callers."""
        by_loop: defaultdict[asyncio.AbstractEventLoop, list[Answer]] = defaultdict(list)
        with self._moved:
            moved = head > self._head
            if moved:
                self._head = head
                self._moved.notify_all()
        loops = self._events.loops() if moved else set()
        for answer in answers:
            if answer.submission.loop is None:
                answer.submission.resolve(answer.receipt, answer.error)
            else:
                by_loop[answer.submission.loop].append(answer)
        for loop in loops | by_loop.keys():
            call_on(loop, self._arrive, loop, by_loop.get(loop, []), moved)

    def close(self) -> None:
        """Wake everybody who waits; no further fact will come."""
        with self._moved:
            self._closed = True
            self._moved.notify_all()
        self._events.set_all()

    def notify_all(self) -> None:
        """Wake everybody who waits, so that they look again."""
        with self._moved:
            self._moved.notify_all()
        self._events.set_all()

    def wait_beyond(self, position: int, given_up: Callable[[], bool]) -> None:
        """Block this thread until the head is beyond `position`, the ledger closes, or the caller has given up."""
        with self._moved:
            while self._head <= position and not self._closed and not given_up():
                self._moved.wait()

    def subscribe(self) -> AbstractContextManager[asyncio.Event]:
        """An event on the running loop that is set whenever the head has moved; clear it before looking."""
        return self._events.subscribe()

    def _arrive(self, loop: asyncio.AbstractEventLoop, answers: list[Answer], moved: bool) -> None:
        for submission, receipt, error in answers:
            submission.resolve(receipt, error)
        if moved:
            self._events.set_on(loop)
