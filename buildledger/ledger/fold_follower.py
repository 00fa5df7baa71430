"""Follows the ledger for state that is folded from its facts: begins at a checkpoint, retries, and saves.

The one implementation for readers that need every fact in order and store what they remember in the ledger itself.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from typing import Protocol

from buildledger.events.fact import Recorded
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import Checkpoint

CHECKPOINT_FACTS = 20_000
"""Facts between two checkpoints: the most that a start reads beyond those it must."""
RETRY_SECONDS = 1.0
"""Between two tries when the ledger can't be read."""

_log = logging.getLogger(__name__)


class CheckpointedFold(Protocol):
    """State that is folded from facts and stored in checkpoints."""

    NAME: str
    """Of its checkpoints."""
    VERSION: int
    """Raised whenever the state changes its shape or its meaning: a checkpoint of another version isn't used."""

    def restore(self, state: bytes) -> None:
        """Replace the state by that of a checkpoint."""
        ...

    def snapshot(self) -> bytes:
        """The state, as `restore` takes it."""
        ...

    def apply(self, recorded: Recorded) -> None:
        """Fold one fact; called in the order of positions."""
        ...

    def batch_applied(self) -> None:
        """Act on the facts folded since the last call; no more are at hand just then."""
        ...


class FoldFollower:
    """Feeds one fold in a task of its own. Used on one event loop."""

    def __init__(
        self,
        ledger: Ledger,
        fold: CheckpointedFold,
        *,
        checkpoint_facts: int = CHECKPOINT_FACTS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._ledger = ledger
        self._fold = fold
        self._checkpoint_facts = checkpoint_facts
        self._retry_seconds = retry_seconds
        self._position = self._saved = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._task: asyncio.Task[None] | None = None

    @property
    def position(self) -> int:
        """The facts up to here are folded."""
        return self._position

    async def start(self) -> None:
        """Begin at the last checkpoint; returns when everything recorded so far is folded."""
        checkpoint = await asyncio.to_thread(self._ledger.checkpoint, self._fold.NAME)
        if checkpoint is not None and checkpoint.version == self._fold.VERSION:
            self._fold.restore(checkpoint.state)
            self._position = self._saved = checkpoint.position
        self._task = asyncio.create_task(self._follow(), name=f"follower {self._fold.NAME}")
        await self.reached(self._ledger.head())

    async def stop(self) -> None:
        """Stop following, and write a checkpoint."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._save()

    async def reached(self, position: int) -> None:
        """Wait until the fact at this position is folded and acted on."""
        if self._position < position:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (position, next(self._order), future))
            await future

    async def _follow(self) -> None:
        while True:
            try:
                async for batch in self._ledger.tail().after(self._position):
                    for recorded in batch:
                        self._fold.apply(recorded)
                        self._position = recorded.position
                    self._fold.batch_applied()
                    self._wake()
                    if self._position - self._saved >= self._checkpoint_facts:
                        await self._save()
                return
            except Exception:
                _log.exception("%s can't follow the ledger beyond %d, trying again", self._fold.NAME, self._position)
                await asyncio.sleep(self._retry_seconds)

    def _wake(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._position:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)

    async def _save(self) -> None:
        checkpoint = Checkpoint(self._fold.VERSION, self._position, self._fold.snapshot())
        try:
            await asyncio.to_thread(self._ledger.save_checkpoint, self._fold.NAME, checkpoint)
        except Exception:
            _log.exception("%s can't save a checkpoint; the next start will take longer", self._fold.NAME)
        else:
            self._saved = checkpoint.position
