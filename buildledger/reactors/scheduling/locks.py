"""How much of each lock running builds leave, and which queues wait for more of it."""

from __future__ import annotations

from collections.abc import Mapping

from buildledger.config.placement import lacking_lock
from buildledger.config.resolved import Builder


class Locks:
    """The locks of one configuration. Builds assigned under an earlier one count too."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.free = dict(counts)
        """By lock; below 0 while builds of an earlier configuration hold more than there is."""
        self._waiting: dict[str, dict[int, None]] = {}

    def lacking(self, builder: Builder) -> str | None:
        """The first lock that a build of this builder can't have for the moment; None if it can have all."""
        use = lacking_lock(builder.locks, self.free)
        return None if use is None else use.lock

    def room(self, builder: Builder) -> int | None:
        """How many builds of this builder could have their locks; None if it takes none."""
        return min((self.free.get(use.lock, 0) // use.take for use in builder.locks), default=None)

    def wait(self, lock: str, queue: int) -> None:
        """Remember the number of a queue that waits for more of a lock."""
        self._waiting.setdefault(lock, {})[queue] = None

    def take(self, builder: Builder) -> None:
        """Count a build that begins."""
        for use in builder.locks:
            self.free[use.lock] = self.free.get(use.lock, 0) - use.take

    def give_back(self, builder: Builder) -> list[int]:
        """Count a build that has ended; gives the numbers of the queues that waited for one of its locks."""
        waited: dict[int, None] = {}
        for use in builder.locks:
            self.free[use.lock] = self.free.get(use.lock, 0) + use.take
            waited |= self._waiting.pop(use.lock, {})
        return list(waited)
