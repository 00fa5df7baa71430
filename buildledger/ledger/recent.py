"""The facts that were committed last, decoded, so that followers needn't read them back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from buildledger.events.fact import Recorded

RECENT_FACTS = 8_192
"""About ten megabytes; a follower further behind reads from the store."""


class RecentFacts:
    """A ring of facts by position. One thread writes, any thread reads, and no lock is needed.

    A reader checks that the slots it took hold the positions it asked for: a slot that was overwritten meanwhile, or
    never filled because another process recorded that fact, sends it to the store.
    """

    def __init__(self, size: int = RECENT_FACTS) -> None:
        self._size = size
        self._slots: list[Recorded | None] = [None] * size

    def add(self, facts: Iterable[Recorded]) -> None:
        """Take facts that are durable."""
        for fact in facts:
            self._slots[fact.position % self._size] = fact

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
