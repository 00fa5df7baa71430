"""What was stored beside the facts and speaks of them: the chain, the tree's leaves, the signed heads.

Each is read along with the facts and says from which position on it disagrees.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from buildledger.ledger.proof import Tree
from buildledger.ledger.signing import HeadSignatureError, read_head
from buildledger.ledger.store import GENESIS, ChainLink, FactStore, extend_chain

UNREADABLE = (sa.exc.SQLAlchemyError, LookupError, TypeError, ValueError)
"""What reading rows raises that somebody has damaged."""
BATCH_LINKS = 500
BATCH_HEADS = 500
BATCH_LEAVES = 256


class Mismatch(NamedTuple):
    """Where and how a check disagrees."""

    position: int
    last: int
    """Where the range ends in which something is wrong."""
    detail: str


class PublishedHead(msgspec.Struct, frozen=True):
    """A signed head that somebody kept outside of the ledger's machine."""

    note: str
    verifier: str


class ChainCheck:
    """Compares the stored hash chain, one link a commit, with the facts."""

    def __init__(self, store: FactStore) -> None:
        self._store = store
        self._links = self._read()
        self._link = next(self._links, None)
        self._commit_from = 1
        self._silent = False
        self._previous = self.head = GENESIS

    def check(self, position: int, leaf: bytes) -> Mismatch | None:
        """Take the next fact; object at the end of a commit that the link doesn't follow from."""
        self.head = extend_chain(self.head, [leaf])
        if self._silent or self._link is None or position < self._link.last_position:
            return None
        if self._link != ChainLink(position, self._previous, self.head):
            self._silent = True
            first, last = self._commit_from, self._link.last_position
            return Mismatch(first, last, f"the chain's link for positions {first} to {last} doesn't follow from them")
        self._commit_from = position + 1
        self._previous = self.head
        self._link = next(self._links, None)
        return None

    def close(self, last: int) -> Mismatch | None:
        """Object, after the last fact, to facts without a link and to links without facts."""
        if self._silent:
            return None
        if self._link is None and self._commit_from <= last:
            return Mismatch(self._commit_from, last, f"positions {self._commit_from} to {last} are not in the chain")
        if self._link is not None and self._store.head() < self._link.last_position:
            end = self._link.last_position
            return Mismatch(last + 1, last + 1, f"the chain goes on to position {end}, the facts only to {last}")
        return None

    def _read(self) -> Iterator[ChainLink]:
        after = 0
        while links := self._store.chain(after, BATCH_LINKS):
            yield from links
            after = links[-1].last_position


class TreeCheck:
    """The stored leaf hashes; they name the very fact that was changed."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._first = 0
        self._leaves: Sequence[bytes] = ()
        self.size = 0
        self.unreadable: Mismatch | None = None
        """Why nothing can be compared with the tree."""
        try:
            self.size = tree.size()
        except UNREADABLE as error:
            self.unreadable = Mismatch(1, 1, f"the tree can't be read: {first_line(error)}")

    def check(self, position: int, leaf: bytes, root: bytes | None) -> Mismatch | None:
        """Take a fact, and the root over all so far if it is the tree's last one."""
        try:
            return self._check(position, leaf, root)
        except UNREADABLE as error:
            return Mismatch(position, position, f"the tree can't be read from there on: {first_line(error)}")

    def _check(self, position: int, leaf: bytes, root: bytes | None) -> Mismatch | None:
        index = position - 1
        if index >= self.size:
            return None
        if not self._first <= index < self._first + len(self._leaves):
            self._first = index
            self._leaves = self._tree.leaves(index, BATCH_LEAVES)
        if not self._leaves or self._leaves[index - self._first] != leaf:
            return Mismatch(position, position, "its leaf in the tree is another one")
        if root is not None and self._tree.root(self.size) != root:
            return Mismatch(1, position, f"the tree's stored nodes don't make up the root of its {self.size} facts")
        return None


class HeadCheck:
    """Compares signed tree heads, stored and published, with the root over the facts."""

    def __init__(self, tree: Tree, published: Sequence[PublishedHead], trusted: frozenset[str]) -> None:
        self._tree = tree
        self._trusted = trusted
        self.unreadable: Mismatch | None = None
        """Why the stored heads aren't looked at."""
        self._stored = deque(self._read(0))
        self._published: dict[int, list[PublishedHead]] = {}
        for head in published:
            self._published.setdefault(_size_of(head.note), []).append(head)
        self._confirmed = 0
        """The size of the last head that was heard."""
        self.authentic = 0
        """How many were signed by whom they should be."""

    def at(self, size: int) -> list[PublishedHead]:
        """The heads of this size; ask for sizes in ascending order."""
        found = self._published.pop(size, [])
        while self._stored and self._stored[0][0] <= size:
            _, verifier, note = self._stored.popleft()
            found.append(PublishedHead(note, verifier))
            if not self._stored:
                self._stored.extend(self._read(size))
        return found

    def check(self, size: int, root: bytes, head: PublishedHead) -> Mismatch | None:
        """Hold a head against the root over the facts so far; another root blames the facts since the last head."""
        first = self._confirmed + 1
        if self._trusted and head.verifier not in self._trusted:
            return Mismatch(
                first, size, f"the head of size {size} is signed by a key that isn't trusted: {head.verifier}"
            )
        try:
            signed = read_head(head.note, head.verifier)
        except HeadSignatureError as error:
            return Mismatch(first, size, f"the head of size {size}: {error}")
        self.authentic += 1
        if (signed.size, signed.root) != (size, root):
            at = signed.signed_at.isoformat()
            return Mismatch(
                first,
                size,
                f"the head of size {signed.size}, signed at {at}, has another root:"
                f" something in positions {first} to {size} was changed",
            )
        self._confirmed = size
        return None

    def largest(self) -> int:
        """The size of the largest head that nobody asked for; 0 if there is none."""
        while self._stored and (more := self._read(self._stored[-1][0])):
            self._stored.extend(more)
        return max([self._stored[-1][0] if self._stored else 0, *self._published])

    def _read(self, after: int) -> Sequence[tuple[int, str, str]]:
        try:
            return self._tree.heads(after, BATCH_HEADS)
        except UNREADABLE as error:
            self.unreadable = Mismatch(after + 1, after + 1, f"the heads can't be read: {first_line(error)}")
            return ()


def first_line(error: Exception) -> str:
    """What went wrong, without the statement and the parameters that a database error shows."""
    return str(getattr(error, "orig", None) or error).split("\n")[0]


def _size_of(note: str) -> int:
    """What a note says about its size before anybody has checked it."""
    try:
        return max(1, int(note.split("\n")[1]))
    except (IndexError, ValueError):
        return 1
