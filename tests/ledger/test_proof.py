"""Anybody can check, with a public key and a proof, that a fact is in the ledger and that the ledger only grew."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from buildledger.ledger import merkle
from buildledger.ledger.database import open_store
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.proof import Tree
from buildledger.ledger.signing import HeadKey, HeadSignatureError, read_head
from buildledger.ledger.store import FactQuery, FactStore
from buildledger.ledger.tree_head_signer import TreeHeadSigner
from tests.ledger.samples import CLOCK, SYSTEM, open_log, stored, stream
from tests.ledger.waiting import wait_until


@pytest.fixture
def store(database_url: str) -> Iterator[FactStore]:
    store = open_store(database_url)
    yield store
    store.close()


@pytest.fixture
def tree(store: FactStore, database_url: str) -> Iterator[Tree]:
    tree = Tree.open(store, database_url)
    yield tree
    tree.close()


@pytest.fixture
def key(tmp_path: Path) -> HeadKey:
    return HeadKey.at(tmp_path / "keys" / "head.pem", "build-ledger.example")


def grow(store: FactStore, name: str, count: int) -> None:
    store.insert_events([stored(stream(name), version) for version in range(1, count + 1)])


def test_the_tree_is_the_one_over_all_stored_facts(store: FactStore, tree: Tree) -> None:
    """However it was batched, over rows and levels of tiles."""
    frontier = merkle.Frontier()
    for number, count in enumerate((1, 254, 1, 1, 300, 70_000)):
        grow(store, f"s{number}", count)
        assert tree.catch_up() == store.head()
    facts = store.select_facts(FactQuery(), 100_000)
    for fact in facts:
        frontier.append(fact.leaf_hash)
    assert tree.root() == frontier.root()
    for position in (1, 255, 256, 257, 512, 65_536, 65_537, len(facts)):
        proof = tree.prove_inclusion(position)
        assert proof.holds()
        assert (proof.leaf, proof.root) == (facts[position - 1].leaf_hash, frontier.root())
        assert len(proof.path) <= len(facts).bit_length()


def test_old_sizes_can_be_proven_for_ever(store: FactStore, tree: Tree) -> None:
    """Inclusion in, and consistency between, any two sizes that ever were."""
    sizes = []
    roots = []
    for number, count in enumerate((3, 253, 5, 256)):
        grow(store, f"s{number}", count)
        sizes.append(tree.catch_up())
        roots.append(tree.root())
    for old in range(len(sizes)):
        assert tree.prove_inclusion(2, sizes[old]).root == roots[old]
        for new in range(old, len(sizes)):
            proof = tree.prove_consistency(sizes[old], sizes[new])
            assert (proof.old_root, proof.root, proof.holds()) == (roots[old], roots[new], True)
    with pytest.raises(ValueError, match="not 1000 yet"):
        tree.prove_inclusion(2, 1_000)


def test_two_processes_may_let_it_grow(store: FactStore, tree: Tree, database_url: str) -> None:
    """Each fact becomes one leaf."""
    other = Tree.open(store, database_url)
    for number in range(30):
        grow(store, f"s{number}", 11)
        threads = [threading.Thread(target=each.catch_up) for each in (tree, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    frontier = merkle.Frontier()
    for fact in store.select_facts(FactQuery(), 1_000):
        frontier.append(fact.leaf_hash)
    assert (tree.size(), tree.root()) == (330, frontier.root())
    other.close()


def test_heads_are_signed_and_checked_without_the_ledger(store: FactStore, tree: Tree, key: HeadKey) -> None:
    """A note and a public key suffice; nothing in the note can be altered."""
    grow(store, "a", 5)
    head = tree.sign(key, CLOCK)
    assert (head.size, head.root) == (5, tree.root())
    assert read_head(head.note, key.verifier) == head
    for altered in (
        head.note.replace("\n5\n", "\n6\n"),
        head.note.replace("2026", "2027"),
        head.note[:-3] + "\n",
        "",
        "a\n\nb",
    ):
        with pytest.raises(HeadSignatureError):
            read_head(altered, key.verifier)
    assert tree.newest_head() == head
    assert head.signed_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_the_same_size_is_signed_once(store: FactStore, tree: Tree, key: HeadKey, tmp_path: Path) -> None:
    """Signing again gives the same statement; another key makes its own."""
    grow(store, "a", 2)
    assert tree.sign(key, CLOCK) == tree.sign(key, CLOCK)
    other = HeadKey.at(tmp_path / "other.pem", "build-ledger.example")
    assert tree.sign(other, CLOCK).verifier == other.verifier
    assert len(tree.heads(0, 10)) == 2
    with pytest.raises(HeadSignatureError, match="not by"):
        read_head(tree.sign(other, CLOCK).note, key.verifier)


def test_the_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    """The file is for its owner only; one that others can read is refused, and so is what is no key."""
    path = tmp_path / "head.pem"
    first = HeadKey.at(path, "n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert HeadKey.at(path, "n").verifier == first.verifier
    path.chmod(0o640)
    with pytest.raises(HeadSignatureError, match="chmod 600"):
        HeadKey.at(path, "n")
    path.chmod(0o600)
    path.write_text("nonsense")
    with pytest.raises(HeadSignatureError, match="no private key"):
        HeadKey.at(path, "n")
    with pytest.raises(ValueError, match="can't be a key's name"):
        HeadKey.at(tmp_path / "new.pem", "two words")
    with pytest.raises(HeadSignatureError, match="no public key"):
        read_head("", "nonsense")


def test_heads_are_signed_while_facts_arrive(database_url: str, key: HeadKey) -> None:
    """The last fact is covered by a signed head when the signer is closed at the latest."""
    ledger = Ledger.open(database_url, clock=CLOCK)
    tree = Tree.open(ledger.store, database_url)
    signer = TreeHeadSigner(ledger, tree, key, CLOCK, interval_seconds=0.001)
    ledger.execute_blocking(open_log("a"), origin=SYSTEM)
    wait_until(lambda: (head := tree.newest_head()) is not None and head.size == 1)
    last = ledger.execute_blocking(open_log("b"), origin=SYSTEM)
    signer.close()
    newest = tree.newest_head(key.verifier)
    assert newest is not None
    assert (newest.size >= last.position, signer.failure) == (True, None)
    tree.close()
    ledger.close()
