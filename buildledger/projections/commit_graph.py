"""The commit graph of one source, and the question that blame asks of it: what is new since it was last green?"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

BLAME, GREEN = 1, 2
"""Who reaches a commit: the tip by a way without green commits, a green ancestor of it, or both."""
MEASURED_AFTER = 1_000
"""Commits after which a walk asks how far down there are green ones at all."""


class Range(NamedTuple):
    """What a revision is made of since its nearest green ancestors."""

    revisions: Sequence[str]
    """Newest first: no commit stands before one of its descendants."""
    total: int
    """How many there are, also beyond the limit."""
    reached: bool
    """Whether anything green was found; if not, the other fields mean nothing."""


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

    def since_green(self, tip: str, green: AbstractSet[str], limit: int) -> Range:
        """Commits in `tip`, at most `limit`, less the green ones and all their ancestors.

        As long as there are green ancestors, green commits that aren't in `tip` say nothing, even if they contain
        commits of it: a fix on another branch doesn't make good what it fixed. If there are none, as after a forced
        push, what the others contain counts as green. A revision that isn't known has no commits.
        """
        if tip not in self._parents or not green:
            return Range((), 0, reached=False)
        if self._skewed:
            self._measure()
        found = _Walk(self._parents, self._heights, green).since_ancestors(tip, limit)
        return found if found.reached else _Walk(self._parents, self._heights, green).since_fork(tip, limit)

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
    """One question. Commits are coloured from the tip down; what a green ancestor reaches is nobody's fault."""

    def __init__(
        self, parents: Mapping[str, tuple[str, ...]], heights: Mapping[str, int], green: AbstractSet[str]
    ) -> None:
        self._parents = parents
        self._heights = heights
        self._green = green
        self._colours: dict[str, int] = {}
        self._next: list[tuple[int, str]] = []
        self._to_blame = 0
        """Commits ahead that only the tip has reached so far; without any, the answer is complete."""

    def since_ancestors(self, tip: str, limit: int) -> Range:
        self._colour(tip, BLAME)
        found: list[str] = []
        count, reached, lowest = 0, False, 0
        while self._to_blame:
            height, revision = heapq.heappop(self._next)
            colour = self._colours[revision]
            if colour == BLAME:
                self._to_blame -= 1
                if revision in self._green:
                    colour = BLAME | GREEN
                    reached = True
                else:
                    count += 1
                    if len(found) < limit:
                        found.append(revision)
            if count == MEASURED_AFTER:
                lowest = min((self._heights[each] for each in self._green if each in self._heights), default=0)
            if not reached and -height < lowest:
                break
            for parent in self._parents[revision]:
                self._colour(parent, colour)
        return Range(tuple(found), count, reached)

    def since_fork(self, tip: str, limit: int) -> Range:
        self._colour(tip, BLAME)
        for revision in self._green:
            self._colour(revision, GREEN)
        found: list[str] = []
        count, reached = 0, self._colours[tip] != BLAME
        while self._to_blame:
            _, revision = heapq.heappop(self._next)
            colour = self._colours[revision]
            if colour == BLAME:
                self._to_blame -= 1
                count += 1
                if len(found) < limit:
                    found.append(revision)
            reached = reached or colour == BLAME | GREEN
            for parent in self._parents[revision]:
                self._colour(parent, colour)
                reached = reached or self._colours.get(parent) == BLAME | GREEN
        return Range(tuple(found), count, reached)

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
