"""RFC 6962's Merkle tree, as pure functions: roots, proofs, and their verification without any ledger at hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()

NodeAt = Callable[[int, int], bytes]
"""The hash of the perfect subtree at (level, index): of leaves index * 2^level to (index + 1) * 2^level."""


def leaf(entry: bytes) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def parent(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over 2^n nodes of one level."""
    level = list(hashes)
    while len(level) > 1:
        level = [parent(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
    return level[0]


def subtree_root(node: NodeAt, first: int, size: int) -> bytes:
    """The root over leaves first … first + size - 1; `first` is a multiple of the power of two that covers `size`."""
    if size == 0:
        return EMPTY_ROOT
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, first >> level)
    split = _split(size)
    return parent(subtree_root(node, first, split), subtree_root(node, first + split, size - split))


class Frontier:
    """Roots of a growing tree in O(log n) memory, for whoever sees all leaves once."""

    def __init__(self) -> None:
        self.size = 0
        self._perfect: list[bytes] = []
        """Roots of the perfect subtrees that make up the tree, largest first."""

    def append(self, leaf_hash: bytes) -> None:
        """Take the next leaf."""
        self._perfect.append(leaf_hash)
        self.size += 1
        for _ in range((self.size & -self.size).bit_length() - 1):
            right = self._perfect.pop()
            self._perfect[-1] = parent(self._perfect[-1], right)

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._perfect:
            return EMPTY_ROOT
        computed = self._perfect[-1]
        for left in self._perfect[-2::-1]:
            computed = parent(left, computed)
        return computed


def root(node: NodeAt, size: int) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return subtree_root(node, 0, size)


def inclusion_proof(node: NodeAt, index: int, size: int) -> list[bytes]:
    """The audit path of a leaf in the tree of this size, from the leaf upwards (RFC 6962, 2.1.1).

    Raises:
        ValueError: Unless 0 ≤ index < size.
    """
    if not 0 <= index < size:
        msg = f"leaf {index} is not in a tree of {size}"
        raise ValueError(msg)
    path: list[bytes] = []
    first = 0
    while size > 1:
        split = _split(size)
        if index < split:
            path.append(subtree_root(node, first + split, size - split))
            size = split
        else:
            path.append(subtree_root(node, first, split))
            first, index, size = first + split, index - split, size - split
    return path[::-1]


def consistency_proof(node: NodeAt, old_size: int, size: int) -> list[bytes]:
    """That the tree of `old_size` is the beginning of the tree of `size` (RFC 6962, 2.1.2).

    Raises:
        ValueError: Unless 0 ≤ old_size ≤ size.
    """
    if not 0 <= old_size <= size:
        msg = f"a tree of {old_size} is no beginning of a tree of {size}"
        raise ValueError(msg)
    if old_size in (0, size):
        return []
    path: list[bytes] = []
    first, whole = 0, True
    while old_size != size:
        split = _split(size)
        if old_size <= split:
            path.append(subtree_root(node, first + split, size - split))
            size = split
        else:
            path.append(subtree_root(node, first, split))
            first, old_size, size, whole = first + split, old_size - split, size - split, False
    if not whole:
        path.append(subtree_root(node, first, size))
    return path[::-1]


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes) -> bool:
    """Whether the proof shows that the leaf is at `index` of the tree with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, computed = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            computed = parent(sibling, computed)
            while not node & 1 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            computed = parent(computed, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and computed == root_hash


def verify_consistency(old_size: int, old_root: bytes, size: int, root_hash: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the old tree is the beginning of the other (RFC 9162, 2.1.4.2)."""
    if not 0 <= old_size <= size:
        return False
    if old_size == size:
        return old_root == root_hash and not proof
    if old_size == 0:
        return old_root == EMPTY_ROOT and not proof
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_computed = computed = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old_computed, computed = parent(sibling, old_computed), parent(sibling, computed)
            while not node & 1 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            computed = parent(computed, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old_computed == old_root and computed == root_hash


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)
