"""What has to be over before the server stops: open sessions, and what is stored after their streams have ended."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from buildledger.ledger.skipping import reason_of, traced

_log = logging.getLogger(__name__)


class Unfinished:
    """Counts open sessions, and runs what must not end with the stream it belongs to. Used on one event loop."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._open_count = 0
        """Of sessions, with those that are being admitted or ended."""
        self._none_open = asyncio.Event()
        self._none_open.set()

    def count_open(self, change: int) -> None:
        """A session is about to be admitted (+1), or has ended (-1)."""
        self._open_count += change
        if self._open_count:
            self._none_open.clear()
        else:
            self._none_open.set()

    async def wait_none_open(self) -> None:
        """Wait until no session is open."""
        await self._none_open.wait()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that must not end with the stream it belongs to."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._spawned)

    async def wait_stored(self) -> None:
        """Wait until nothing of ended sessions is being stored any more."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawned(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (trouble := task.exception()) is not None:
            said = "the worker service could not finish something: %s"
            _log.error(said, reason_of(trouble), exc_info=traced(trouble))
