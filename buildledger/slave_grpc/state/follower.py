"""Follows the ledger and keeps `OpenWork` up to date, from a checkpoint on."""

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable

import msgspec

from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import Checkpoint
from buildledger.slave_grpc.settings import RETRY_SECONDS
from buildledger.slave_grpc.state.open_work import Changes, OpenWork, OpenWorkState

CHECKPOINT_NAME = "gateway.open_work"
CHECKPOINT_FACTS = 20_000
"""Facts between two checkpoints: the most that a start reads beyond those it must."""

_log = logging.getLogger(__name__)


class OpenWorkFollower:
    """Owns `work`; calls `on_changes` after each batch of facts with what it means to sessions."""

    def __init__(self, ledger: Ledger, on_changes: Callable[[Changes], None]) -> None:
        self._ledger = ledger
        self._on_changes = on_changes
        self._position = self._saved = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._task: asyncio.Task[None] | None = None
        self.work = OpenWork()

    async def start(self) -> None:
        """Begin at the last checkpoint; returns when everything recorded so far is folded."""
        checkpoint = await asyncio.to_thread(self._ledger.checkpoint, CHECKPOINT_NAME)
        if checkpoint is not None and checkpoint.version == OpenWork.VERSION:
            self.work = OpenWork(msgspec.json.decode(checkpoint.state, type=OpenWorkState))
            self._position = self._saved = checkpoint.position
        self._task = asyncio.create_task(self._follow(), name="gateway-follower")
        await self.reached(self._ledger.head())

    async def stop(self) -> None:
        """Stop following, and write a checkpoint."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._save()

    async def reached(self, position: int) -> None:
        """Wait until the fact at this position is folded."""
        if self._position < position:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (position, next(self._order), future))
            await future

    async def _follow(self) -> None:
        while True:
            try:
                async for batch in self._ledger.tail().after(self._position):
                    changes = Changes()
                    for recorded in batch:
                        self.work.apply(recorded, changes)
                        self._position = recorded.position
                    self._on_changes(changes)
                    self._wake()
                    if self._position - self._saved >= CHECKPOINT_FACTS:
                        await self._save()
                return
            except Exception:
                _log.exception("the worker service can't follow the ledger beyond %d, trying again", self._position)
                await asyncio.sleep(RETRY_SECONDS)

    def _wake(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._position:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)

    async def _save(self) -> None:
        checkpoint = Checkpoint(OpenWork.VERSION, self._position, msgspec.json.encode(self.work.state))
        try:
            await asyncio.to_thread(self._ledger.save_checkpoint, CHECKPOINT_NAME, checkpoint)
        except Exception:
            _log.exception("the worker service can't save where it stands; a start will take longer")
        else:
            self._saved = checkpoint.position
