"""Following the ledger: facts in order, from any position, without polling."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

from buildledger.events.fact import Recorded
from buildledger.ledger.commit_notifier import CommitNotifier
from buildledger.ledger.recent import RecentFacts

BATCH_FACTS = 500
"""How many facts a follower gets at once unless it asks for another number."""


class Tail:
    """One follower's way through the ledger; iterate it once. `close` ends it, from any thread."""

    def __init__(
        self,
        commits: CommitNotifier,
        recent: RecentFacts,
        read: Callable[[int, int], Sequence[Recorded]],
        batch_facts: int,
    ) -> None:
        self._commits = commits
        self._recent = recent
        self._read = read
        self._batch_facts = batch_facts
        self._closed = False

    async def after(self, position: int) -> AsyncIterator[Sequence[Recorded]]:
        """Batches of facts after `position`, in order, none missing, none twice; waits for more at the head.

        What is too old for memory is read in a thread, so that a long way doesn't hold up the loop.

        Raises:
            PersistenceError: The database is away; the follower then starts again from where it was.
        """
        with self._commits.subscribe() as event:
            while not self._closed:
                event.clear()
                last = min(self._commits.head, position + self._batch_facts)
                if last > position:
                    batch = self._recent.between(position, last)
                    if batch is None:
                        batch = await asyncio.to_thread(self._read, position, self._batch_facts)
                    position = batch[-1].position
                    yield batch
                elif self._commits.closed:
                    return
                else:
                    await event.wait()

    def after_blocking(self, position: int) -> Iterator[Sequence[Recorded]]:
        """The same batches as `after`, for a thread, which is blocked while there is nothing new."""
        while not self._closed:
            last = min(self._commits.head, position + self._batch_facts)
            if last > position:
                batch = self._recent.between(position, last) or self._read(position, self._batch_facts)
                position = batch[-1].position
                yield batch
            elif self._commits.closed:
                return
            else:
                self._commits.wait_beyond(position, lambda: self._closed)

    def close(self) -> None:
        """End the iteration after the batch at hand."""
        self._closed = True
        self._commits.notify_all()
