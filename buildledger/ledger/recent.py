"""The facts that were committed last, decoded, so that followers needn't read them back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from buildledger.events.fact import Recorded

RECENT_FACTS = 8_192
"""About ten megabytes; a follower further behind reads from the store."""
LARGE_BYTES = 64 << 10
"""A fact as large as this, such as a configuration of thousands of builders, counts as one of the large ones."""
RECENT_LARGE_BYTES = 64 << 20
"""What the large ones may take together, but for the last; older ones are read from the store."""


class RecentFacts:
    """A ring of facts by position. One thread writes, any thread reads, and no lock is needed.

    A reader checks that the slots it took hold the positions it asked for: a slot that was overwritten meanwhile, or
    never filled because another process recorded that fact, sends it to the store.
    """

    def __init__(self, size: int = RECENT_FACTS, large_bytes: int = RECENT_LARGE_BYTES) -> None:
        self._size = size
        self._large_bytes = large_bytes
        self._large: deque[tuple[int, int]] = deque()
        """Position and size of the large ones that are here, oldest first."""
        self._slots: list[Recorded | None] = [None] * size

    def add(self, facts: Iterable[Recorded], sizes: Iterable[int]) -> None:
        """Take facts that are durable, and how many bytes each has."""
        for fact, size in zip(facts, sizes, strict=True):
            self._slots[fact.position % self._size] = fact
            if size >= LARGE_BYTES:
                self._large.append((fact.position, size))
                self._drop_large()

    def _drop_large(self) -> None:
        while len(self._large) > 1 and sum(size for _, size in self._large) > self._large_bytes:
            position, _ = self._large.popleft()
            known = self._slots[position % self._size]
            if known is not None and known.position == position:
                self._slots[position % self._size] = None

    def between(self, after: int, last: int) -> Sequence[Recorded] | None:
        """The facts at after < position ≤ last, or None when not all of them are here."""
        if last - after > self._size:
            return None
        found: list[Recorded] = []
        for position in range(after + 1, last + 1):
            fact = self._slots[position % self._size]
            if fact is None or fact.position != position:
                return None
            found.append(fact)
        return found
