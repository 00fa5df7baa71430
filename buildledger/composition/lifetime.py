"""How long a server runs: until a signal asks for the end, or a part of it fails."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

from buildledger.worker.main_loop import handled

END_SECONDS = 60.0
"""For stopping in good order."""

_log = logging.getLogger(__name__)


class Lifetime:
    """Of one server; all on one event loop."""

    def __init__(self) -> None:
        self._ending = asyncio.Event()
        self._failure: BaseException | None = None

    async def ended(self) -> None:
        """Return when a signal asks for the end.

        Raises:
            Exception: Whatever made a part of the server fail.
        """
        await self._ending.wait()
        if self._failure is not None:
            raise self._failure

    def watch(self, work: Coroutine[Any, Any, None], name: str, stack: AsyncExitStack) -> None:
        """Run a part for as long as the server runs; its failure ends the server loudly."""
        task = asyncio.create_task(work, name=name)
        self.end_with(task, name)
        stack.push_async_callback(_end_task, task)

    def end_with(self, task: asyncio.Task[None], name: str) -> None:
        """End the server loudly when this fails."""

        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.critical("%s failed; the server stops: %s", name, error)
                self._failure = error
                self._ending.set()

        task.add_done_callback(ended)

    def catch_signals(self, stack: AsyncExitStack) -> None:
        """Let SIGTERM and SIGINT end it."""
        stack.enter_context(handled(dict.fromkeys((signal.SIGTERM, signal.SIGINT), self._ending.set)))


def end_within(seconds: float = END_SECONDS) -> None:
    """End this process after so long at the latest, whatever it still waits for.

    What is acknowledged is on disk by then, so nothing is lost that a server in good order would have kept.
    """
    timer = threading.Timer(seconds, _end_process, (seconds,))
    timer.daemon = True
    timer.start()


def _end_process(seconds: float) -> None:
    what = "a database or a disk that doesn't answer holds it up, as a rule"
    _log.critical("the server hasn't stopped in good order within %g s and ends all the same: %s", seconds, what)
    logging.shutdown()
    os._exit(1)


async def _end_task(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
