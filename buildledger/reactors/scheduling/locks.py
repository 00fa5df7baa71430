"""How much of each lock running builds leave, and for which queues it is reserved."""

from __future__ import annotations

from collections.abc import Mapping

from buildledger.config.placement import lacking_lock
from buildledger.config.resolved import Builder
from buildledger.reactors.scheduling.queues import Queue


class Locks:
    """The locks of one configuration. Builds assigned under an earlier one count too.

    A queue whose turn it is, and that can't have all its locks, reserves them: what is free of them isn't given to
    queues behind it, so that it gets them all at last, however many builds want one of them.
    """

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.free = dict(counts)
        """By lock; below 0 while builds of an earlier configuration hold more than there is."""
        self._waiting: dict[str, dict[int, Queue]] = {}
        """The queues that wait, by lock and number."""

    def lacking(self, queue: Queue) -> str | None:
        """The first lock that the next build of a queue can't have for the moment; None if it can have all."""
        uses = queue.builder.locks
        if (use := lacking_lock(uses, self.free)) is not None:
            return use.lock
        return next((use.lock for use in uses if self._left_for(queue, use.lock) < use.take), None)

    def room(self, builder: Builder) -> int | None:
        """How many builds of this builder could have their locks; None if it takes none."""
        return min((self.free.get(use.lock, 0) // use.take for use in builder.locks), default=None)

    def wait(self, queue: Queue) -> None:
        """Let a queue wait for its locks, and reserve them."""
        for use in queue.builder.locks:
            self._waiting.setdefault(use.lock, {})[queue.number] = queue

    def serve(self, queue: Queue) -> None:
        """Let a queue wait for no lock any more."""
        for use in queue.builder.locks:
            self._waiting.get(use.lock, {}).pop(queue.number, None)

    def waiting_with(self, queue: Queue) -> list[int]:
        """The numbers of the queues that wait for one of the locks of a queue that waits, itself included."""
        locks = [use.lock for use in queue.builder.locks if queue.number in self._waiting.get(use.lock, ())]
        return [number for lock in locks for number in self._waiting[lock]]

    def waiting(self) -> list[int]:
        """The numbers of all queues that wait for a lock."""
        return list({number: None for queues in self._waiting.values() for number in queues})

    def take(self, builder: Builder) -> None:
        """Count a build that begins."""
        for use in builder.locks:
            self.free[use.lock] = self.free.get(use.lock, 0) - use.take

    def give_back(self, builder: Builder) -> list[int]:
        """Count a build that has ended; gives the numbers of the queues that wait for one of its locks."""
        waiting: dict[int, None] = {}
        for use in builder.locks:
            self.free[use.lock] = self.free.get(use.lock, 0) + use.take
            waiting |= dict.fromkeys(self._waiting.get(use.lock, ()))
        return list(waiting)

    def _left_for(self, queue: Queue, lock: str) -> int:
        """What is free of a lock and isn't reserved for queues before this one."""
        left, rank = self.free.get(lock, 0), queue.rank()
        for other in self._waiting.get(lock, {}).values():
            if other is queue or not other.pool.members:
                continue
            first = other.rank()
            if first is not None and (rank is None or first < rank):
                left -= sum(use.take for use in other.builder.locks if use.lock == lock)
        return left
