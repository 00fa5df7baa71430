"""The commit graph of one source, and the question that blame asks of it: what is new since it was last green?"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

BLAME, GREEN = 1, 2
"""Who reaches a commit: the tip, an excluded revision, or both."""


class Range(NamedTuple):
    """What a revision has that none of the others has, and which of the others it contains."""

    revisions: Sequence[str]
    """Newest first: no commit stands before one of its descendants."""
    total: int
    """How many there are, also beyond the limit."""
    contained: frozenset[str]
    """Of the excluded revisions, those seen to be the tip itself or its ancestors."""


class CommitGraph:
    """Revisions with their parents. A commit may come before its parents, and a parent may never come.

    Each commit has a *height*, one more than the highest of its parents, so that a walk that always takes the highest
    commit next has seen all descendants of a commit before the commit itself: the walk ends where the tip's part of
    history ends, however long the rest is. Git's own `rev-list a --not b` works the same way.
    """

    def __init__(self) -> None:
        self._parents: dict[str, tuple[str, ...]] = {}
        self._heights: dict[str, int] = {}
        self._awaited: set[str] = set()
        """Parents that were named and haven't come."""
        self._skewed = False
        """A parent came after its child, so heights are to be measured again."""

    def __contains__(self, revision: str) -> bool:
        return revision in self._parents

    def add(self, revision: str, parents: Sequence[str]) -> None:
        """Take a commit; one that is known changes nothing."""
        if revision in self._parents:
            return
        self._parents[revision] = tuple(parents)
        height = 0
        for parent in parents:
            known = self._heights.get(parent)
            if known is None:
                self._awaited.add(parent)
            elif known >= height:
                height = known + 1
        self._heights[revision] = height
        if revision in self._awaited:
            self._awaited.discard(revision)
            self._skewed = True

    def range(self, tip: str, excluded: Collection[str], limit: int) -> Range:
        """Commits in `tip` and in none of `excluded`, at most `limit` of them.

        A revision that isn't known has no commits and excludes none.
        """
        if tip not in self._parents:
            return Range((), 0, frozenset())
        if self._skewed:
            self._measure()
        return _Walk(self._parents, self._heights).range(tip, frozenset(excluded), limit)

    def _measure(self) -> None:
        """Give every commit its height again, parents first."""
        heights: dict[str, int] = {}
        for start in self._parents:
            stack = [start]
            while stack:
                revision = stack[-1]
                if revision in heights:
                    stack.pop()
                    continue
                known = [parent for parent in self._parents[revision] if parent in self._parents]
                missing = [parent for parent in known if parent not in heights]
                if missing:
                    stack.extend(missing)
                else:
                    heights[revision] = max((heights[parent] + 1 for parent in known), default=0)
                    stack.pop()
        self._heights = heights
        self._skewed = False


class _Walk:
    """One question. Commits are coloured from the tips down; one that both sides reach is nobody's fault."""

    def __init__(self, parents: Mapping[str, tuple[str, ...]], heights: Mapping[str, int]) -> None:
        self._parents = parents
        self._heights = heights
        self._colours: dict[str, int] = {}
        self._next: list[tuple[int, str]] = []
        self._to_blame = 0
        """Commits ahead that only the tip has reached so far; without any, the answer is complete."""

    def range(self, tip: str, excluded: frozenset[str], limit: int) -> Range:
        self._colour(tip, BLAME)
        for revision in excluded:
            self._colour(revision, GREEN)
        found: list[str] = []
        count = 0
        contained = excluded & {tip}
        while self._to_blame:
            _, revision = heapq.heappop(self._next)
            colour = self._colours[revision]
            if colour == BLAME:
                self._to_blame -= 1
                count += 1
                if len(found) < limit:
                    found.append(revision)
                contained |= excluded.intersection(self._parents[revision])
            for parent in self._parents[revision]:
                self._colour(parent, colour)
        return Range(tuple(found), count, contained)

    def _colour(self, revision: str, colour: int) -> None:
        height = self._heights.get(revision)
        if height is None:
            return
        before = self._colours.get(revision, 0)
        after = self._colours[revision] = before | colour
        if before == 0:
            heapq.heappush(self._next, (-height, revision))
            self._to_blame += after == BLAME
        elif before == BLAME and after != BLAME:
            self._to_blame -= 1
