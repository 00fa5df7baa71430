"""Which locks are waited for while others are held: an order, or builds could wait for each other for ever."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from buildledger.config.lock_uses import LockUse
from buildledger.config.resolved import Builder


class LockOrder:
    """The order that builders give the locks, lock by lock.

    A build takes its own locks together, and a step takes its together, so that only one thing goes before another: a
    lock of the build's before a lock of its step's.
    """

    def __init__(self, builders: Iterable[Builder] = ()) -> None:
        self._after: dict[str, dict[str, str]] = {}
        """Of each lock those that a build which holds it waits for, each with a builder of which this is true."""
        self._together: dict[str, set[str]] = {}
        """Of each lock those that are taken together with it."""
        self._reached: dict[str, frozenset[str]] = {}
        for builder in builders:
            self.add(builder)

    def add(self, builder: Builder) -> None:
        """Take a builder's locks into account."""
        taken = [step.locks for step in builder.steps if step.locks]
        if not builder.locks and not taken:
            return
        self._reached.clear()
        for uses in (builder.locks, *taken):
            for use in uses:
                self._together.setdefault(use.lock, set()).update(other.lock for other in uses)
        for held in builder.locks:
            for use in (use for uses in taken for use in uses):
                self._after.setdefault(held.lock, {}).setdefault(use.lock, builder.name)

    def cycle(self) -> list[tuple[str, str, str]]:
        """Locks that lead back to the first, each as (held, waited for, a builder that does so); empty: there are none.

        As builds may be in the midst of each of them at the same time, all of them may wait for ever.
        """
        over: set[str] = set()
        for first in self._after:
            if first not in over and (found := self._cycle_from(first, over)):
                return found
        return []

    def may_wait_for(self, uses: Iterable[LockUse], held: Iterable[str]) -> bool:
        """Whether who waits for these locks may be waiting, over however many others, for who holds one of `held`."""
        wanted = set(held)
        return any(not wanted.isdisjoint(self._reachable(use.lock)) for use in uses)

    def _reachable(self, lock: str) -> frozenset[str]:
        """What whoever waits for a lock may really be waiting for, itself included."""
        known = self._reached.get(lock)
        if known is None:
            found = {lock}
            left = [lock]
            while left:
                each = left.pop()
                new = (self._together.get(each, set()) | self._after.get(each, {}).keys()) - found
                found |= new
                left.extend(new)
            known = self._reached[lock] = frozenset(found)
        return known

    def _cycle_from(self, first: str, over: set[str]) -> list[tuple[str, str, str]]:
        """A cycle among what comes after a lock; adds to `over` what leads to none."""
        path = [first]
        left = [iter(self._after.get(first, {}))]
        while path:
            following = next((each for each in left[-1] if each not in over), None)
            if following is None:
                over.add(path.pop())
                left.pop()
            elif following in path:
                locks = [*path[path.index(following) :], following]
                return [(held, lock, self._after[held][lock]) for held, lock in pairwise(locks)]
            else:
                path.append(following)
                left.append(iter(self._after.get(following, {})))
        return []
