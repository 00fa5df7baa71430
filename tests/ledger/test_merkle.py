"""The tree is RFC 6962's: its published vectors, and its properties for every size up to a few dozen."""

from __future__ import annotations

import os

import pytest

from buildledger.ledger import merkle

# The test data of the Certificate Transparency reference implementation, to which RFC 6962 points.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
INCLUSION = (
    (1, 1, ()),
    (
        1,
        8,
        (
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ),
    ),
    (
        6,
        8,
        (
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ),
    ),
    (3, 3, ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",)),
    (
        2,
        5,
        (
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ),
    ),
)
"""(leaf from 1, size, path)"""
CONSISTENCY = (
    (1, 1, ()),
    (
        1,
        8,
        (
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ),
    ),
    (
        6,
        8,
        (
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ),
    ),
    (
        2,
        5,
        (
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ),
    ),
)
"""(old size, size, path)"""
LARGEST = 40


def nodes(leaves: list[bytes]) -> merkle.NodeAt:
    return lambda level, index: merkle.perfect_root(leaves[index << level : (index + 1) << level])


PUBLISHED = [merkle.leaf(entry) for entry in ENTRIES]


def test_roots_are_the_published_ones() -> None:
    """For every size of the vectors, computed from nodes and by a frontier; and the empty tree's."""
    frontier = merkle.Frontier()
    assert frontier.root() == merkle.root(nodes([]), 0) == merkle.EMPTY_ROOT
    assert merkle.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for size, expected in enumerate(ROOTS, 1):
        frontier.append(PUBLISHED[size - 1])
        assert frontier.root().hex() == merkle.root(nodes(PUBLISHED), size).hex() == expected


@pytest.mark.parametrize(("leaf", "size", "path"), INCLUSION)
def test_inclusion_proofs_are_the_published_ones(leaf: int, size: int, path: tuple[str, ...]) -> None:
    """Made and verified."""
    proof = merkle.inclusion_proof(nodes(PUBLISHED), leaf - 1, size)
    assert tuple(step.hex() for step in proof) == path
    root = bytes.fromhex(ROOTS[size - 1])
    assert merkle.verify_inclusion(PUBLISHED[leaf - 1], leaf - 1, size, proof, root)


@pytest.mark.parametrize(("old", "size", "path"), CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(old: int, size: int, path: tuple[str, ...]) -> None:
    """Made and verified."""
    proof = merkle.consistency_proof(nodes(PUBLISHED), old, size)
    assert tuple(step.hex() for step in proof) == path
    roots = [bytes.fromhex(root) for root in ROOTS]
    assert merkle.verify_consistency(old, roots[old - 1], size, roots[size - 1], proof)


def test_every_leaf_of_every_size_can_be_proven() -> None:
    """And nothing else: not another leaf, another place, a shorter, longer or altered path."""
    leaves = [merkle.leaf(os.urandom(8)) for _ in range(LARGEST)]
    for size in range(1, LARGEST + 1):
        root = merkle.root(nodes(leaves), size)
        for index in range(size):
            proof = merkle.inclusion_proof(nodes(leaves), index, size)
            assert merkle.verify_inclusion(leaves[index], index, size, proof, root)
            assert not merkle.verify_inclusion(merkle.leaf(b"another"), index, size, proof, root)
            assert not merkle.verify_inclusion(leaves[index], size, size, proof, root)
            assert not merkle.verify_inclusion(leaves[index], index, size, [*proof, root], root)
            if proof:
                assert not merkle.verify_inclusion(leaves[index], index, size, proof[:-1], root)
                assert not merkle.verify_inclusion(leaves[index], index, size, [root, *proof[1:]], root)
                assert not merkle.verify_inclusion(leaves[index], (index + 1) % size, size, proof, root)


def test_every_pair_of_sizes_is_consistent() -> None:
    """And a tree that isn't the other's beginning can't be proven to be."""
    leaves = [merkle.leaf(os.urandom(8)) for _ in range(LARGEST)]
    forged = [merkle.leaf(b"forged"), *leaves[1:]]
    for size in range(LARGEST + 1):
        root = merkle.root(nodes(leaves), size)
        for old in range(size + 1):
            proof = merkle.consistency_proof(nodes(leaves), old, size)
            old_root = merkle.root(nodes(leaves), old)
            assert merkle.verify_consistency(old, old_root, size, root, proof)
            assert not merkle.verify_consistency(old, old_root, size, root, [*proof, root])
            if old:
                assert not merkle.verify_consistency(old, merkle.root(nodes(forged), old), size, root, proof)
            if proof:
                assert not merkle.verify_consistency(old, old_root, size, root, proof[:-1])


def test_what_is_not_in_the_tree_has_no_proof() -> None:
    """Bounds are checked where proofs are made and where they are verified."""
    with pytest.raises(ValueError, match="not in a tree"):
        merkle.inclusion_proof(nodes(PUBLISHED), 8, 8)
    with pytest.raises(ValueError, match="no beginning"):
        merkle.consistency_proof(nodes(PUBLISHED), 9, 8)
    assert not merkle.verify_consistency(9, PUBLISHED[0], 8, PUBLISHED[0], [])
    assert not merkle.verify_consistency(3, PUBLISHED[0], 8, PUBLISHED[0], [])
