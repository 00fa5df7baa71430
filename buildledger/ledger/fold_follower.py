"""Follows the ledger for state that is folded from its facts: begins at a checkpoint, retries, and saves.

The one implementation for readers that need facts in order and store what they remember in the ledger itself. Most
call `start` and `stop`; those that have a task of their own call `restore`, `catch_up`, `follow` and `save`.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from typing import Protocol

from buildledger.domain.projection import SkipFact
from buildledger.events.fact import Recorded
from buildledger.ledger.errors import LedgerClosed, LedgerUnavailable, StoreError
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.skipping import SKIPPED_MAX, is_passing, reason_of, skip, traced
from buildledger.ledger.store import Checkpoint
from buildledger.ledger.submission import Origin

CHECKPOINT_FACTS = 20_000
"""Facts between two checkpoints: the most that a start reads beyond those it must."""
CATCH_UP_FACTS = 2_000
"""Facts that are read at once on the way to the ledger's head."""
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
    """Feeds one fold. Used on one event loop."""

    def __init__(
        self,
        ledger: Ledger,
        fold: CheckpointedFold,
        *,
        names: Collection[str] = (),
        fails_fast: bool = False,
        checkpoint_facts: int = CHECKPOINT_FACTS,
        retry_seconds: float = RETRY_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`names`: the stored names that matter to the fold; `catch_up` reads only these, all of them if empty.

        A cause that passes is waited for. A fact that the fold fails on is set aside, see `skipping`. What fails when
        the fold acts on a batch is tried again, or raised if the follower `fails_fast`.
        """
        self._ledger = ledger
        self._fold = fold
        self._names = names
        self._fails_fast = fails_fast
        self._checkpoint_facts = checkpoint_facts
        self._retry_seconds = retry_seconds
        self._sleep = sleep
        self._position = self._saved = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._task: asyncio.Task[None] | None = None
        self._acted = True
        """On everything that is folded."""
        self._failures = 0
        """In a row, since a batch was last folded."""
        self._skipped: list[SkipFact] = []
        """Facts that were set aside and of which the ledger doesn't know yet."""

    @property
    def position(self) -> int:
        """The facts up to here are folded."""
        return self._position

    async def start(self) -> None:
        """Begin at the last checkpoint; returns when everything recorded so far is folded."""
        await self.restore()
        self._task = asyncio.create_task(self.follow(), name=f"follower {self._fold.NAME}")
        await self.reached(self._ledger.head())

    async def stop(self) -> None:
        """Stop following, and write a checkpoint."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.save()

    async def reached(self, position: int) -> None:
        """Wait until the fact at this position is folded and acted on."""
        if self._position < position or not self._acted:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (position, next(self._order), future))
            await future

    async def restore(self) -> None:
        """Take over the last checkpoint, unless there is none or it is of another version."""
        checkpoint = await asyncio.to_thread(self._ledger.checkpoint, self._fold.NAME)
        if checkpoint is not None and checkpoint.version == self._fold.VERSION:
            try:
                self._fold.restore(checkpoint.state)
            except ValueError as error:
                _log.error("the checkpoint of %s can't be read, so all facts are: %s", self._fold.NAME, error)
                return
            self._position = self._saved = checkpoint.position

    async def catch_up(self) -> None:
        """Fold what is recorded up to the ledger's head."""
        while (head := self._ledger.head()) > self._position:
            try:
                page = await asyncio.to_thread(self._ledger.read, self._position, CATCH_UP_FACTS, self._names)
                await self._take(page)
            except Exception as error:
                if not is_passing(error):
                    raise
                await self.pause(error)
                continue
            if self._names and not page:
                self._position = head

    async def follow(self, *, saves: bool = True) -> None:
        """Fold what is recorded until the ledger closes, and save now and then unless the caller does that."""
        while True:
            try:
                if not self._acted:
                    self._act()  # facts aren't folded twice, so nothing else would
                async for batch in self._batches():
                    await self._take(batch)
                    if saves:
                        await self.save_if_due()
                    # at the head a batch may be at hand at once: others have their turn between two
                    await asyncio.sleep(0)
                return
            except Exception as error:
                if is_passing(error):
                    await self.pause(error)
                    continue
                if self._fails_fast:
                    raise
                _log.exception("%s can't follow the ledger beyond %d, trying again", self._fold.NAME, self._position)
                await self._sleep(self._retry_seconds)

    async def pause(self, reason: Exception) -> None:
        """Wait before the next try, because the ledger can't be read or written."""
        _log.warning("%s waits for the ledger at position %d: %s", self._fold.NAME, self._position, reason)
        await self._sleep(self._retry_seconds)

    async def save_if_due(self) -> None:
        """Write a checkpoint if enough facts were folded since the last."""
        if self._position - self._saved >= self._checkpoint_facts:
            await self.save()

    async def save(self) -> None:
        """Write a checkpoint. A failure is logged only: it costs time at the next start."""
        checkpoint = Checkpoint(self._fold.VERSION, self._position, self._fold.snapshot())
        # one that can't be written is due again after as many facts, not after the next batch
        self._saved = checkpoint.position
        try:
            await asyncio.to_thread(self._ledger.save_checkpoint, self._fold.NAME, checkpoint)
        except Exception as error:
            said = (self._fold.NAME, reason_of(error))
            _log.error("%s can't save a checkpoint; the next start takes longer: %s", *said, exc_info=traced(error))

    async def _batches(self) -> AsyncIterator[Sequence[Recorded]]:
        """What comes after the position; waits while the database can't be read."""
        while True:
            try:
                async for batch in self._ledger.tail().after(self._position):
                    yield batch
                return
            except StoreError as error:
                await self.pause(error)

    async def _take(self, batch: Sequence[Recorded]) -> None:
        """Fold a batch, and let the ledger know of what had to be set aside before anything is saved.

        Raises:
            Exception: A cause that passes, or the fold's own when it acted on the batch.
        """
        self._apply(batch)
        while self._skipped:
            try:
                await self._ledger.execute(*self._skipped, origin=Origin(actor="system"))
            except LedgerClosed:
                return
            except LedgerUnavailable as error:
                await self.pause(error)
            else:
                self._skipped.clear()

    def _apply(self, batch: Sequence[Recorded]) -> None:
        apply = self._fold.apply
        for recorded in batch:
            try:
                apply(recorded)
            except Exception as error:
                if is_passing(error):
                    raise
                self._set_aside(recorded, error)
            self._position = recorded.position
        self._failures = 0
        self._act()

    def _act(self) -> None:
        """Let the fold act on what was folded, and go on whoever waits for that."""
        self._acted = False
        self._fold.batch_applied()
        self._acted = True
        while self._waiting and self._waiting[0][0] <= self._position:
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)

    def _set_aside(self, recorded: Recorded, error: Exception) -> None:
        """Go on without a fact that the fold fails on."""
        _log.exception("%s sets the fact at position %d aside", self._fold.NAME, recorded.position)
        command = skip(self._fold.NAME, self._fold.VERSION, recorded, error)
        if command is not None and len(self._skipped) < SKIPPED_MAX:
            self._skipped.append(command)
