"""Whatever is altered behind the ledger's back, verification names the position."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from eventsourcing.persistence import StoredEvent

from buildledger.audit.checks import PublishedHead
from buildledger.audit.published import read_published
from buildledger.audit.report import Check, Report, Skipped
from buildledger.audit.verify import verify
from buildledger.events.codec import encode
from buildledger.events.fact import Metadata
from buildledger.events.ids import reader_id, worker_id
from buildledger.events.projection import ProjectionSkipped
from buildledger.events.worker import WorkerLedgerContradicted
from buildledger.ledger.database import open_store
from buildledger.ledger.proof import Tree
from buildledger.ledger.signing import HeadKey
from buildledger.ledger.store import FactQuery, FactStore
from tests.audit.tampering import Tamper
from tests.ledger.samples import AT, CLOCK, stored, stream

COMMITS = (3, 1, 4, 2)
"""Facts a commit: positions 1-3, 4, 5-8, 9-10."""


@pytest.fixture
def store(database_url: str) -> Iterator[FactStore]:
    store = open_store(database_url)
    version = 0
    for count in COMMITS:
        store.insert_events([stored(stream("a"), version + n + 1) for n in range(count)])
        version += count
    yield store
    store.close()


@pytest.fixture
def tree(store: FactStore, database_url: str) -> Iterator[Tree]:
    tree = Tree.open(store, database_url)
    yield tree
    tree.close()


@pytest.fixture
def key(tmp_path: Path) -> HeadKey:
    return HeadKey.at(tmp_path / "head.pem", "build-ledger")


def found(report: Report) -> dict[Check, int]:
    return {finding.check: finding.position for finding in report.findings}


def test_an_untouched_ledger_passes(store: FactStore, tree: Tree, key: HeadKey) -> None:
    """With and without a tree, with stored, published and trusted heads; and an empty one."""
    assert verify(store, tree).ok
    head = tree.sign(key, CLOCK)
    store.insert_events([stored(stream("b"), 1)])
    report = verify(store, tree, trusted=[key.verifier], published=[PublishedHead(head.note, key.verifier)])
    assert report.ok
    assert (report.facts, report.heads_checked) == (11, 2)
    tree.catch_up()
    assert report.root == tree.root().hex()
    assert report.chain_head == store.chain(0, 100)[-1].head.hex()
    assert "The ledger is what it was." in report.to_text()


def test_an_empty_ledger_passes(tmp_path: Path) -> None:
    """Nothing is wrong with nothing."""
    url = f"sqlite:///{tmp_path}/empty/ledger.db"
    store = open_store(url)
    tree = Tree.open(store, url)
    assert verify(store, tree).ok
    tree.close()
    store.close()


@pytest.mark.parametrize("position", [1, 4, 7, 10])
def test_a_changed_byte_is_named(store: FactStore, tree: Tree, tamper: Tamper, position: int) -> None:
    """By the tree the very fact, by the chain the commit."""
    tree.catch_up()
    body = store.select_facts(FactQuery(after=position - 1), 1)[0].body
    altered = body.replace(b"system", b"sustem").hex()
    tamper(f"UPDATE fact SET body = {_blob(store, altered)} WHERE position = {position}")
    report = verify(store, tree)
    assert found(report)[Check.TREE] == position
    assert found(report)[Check.CHAIN] == {1: 1, 4: 4, 7: 5, 10: 9}[position]
    assert report.first_position == position
    assert Check.DECODING not in found(report)


def test_bytes_that_are_no_fact_are_named(store: FactStore, tree: Tree, tamper: Tamper) -> None:
    """Also when nothing else is there to compare with."""
    tamper(
        "UPDATE fact SET body = CAST(x'00' AS BLOB) WHERE position = 6",
        "UPDATE fact SET name = 'no.v9' WHERE position = 8",
    )
    assert found(verify(store, tree)) == {Check.DECODING: 6, Check.CHAIN: 5}


def test_a_deleted_fact_is_named(store: FactStore, tree: Tree, tamper: Tamper) -> None:
    """From the middle: its position is missing, and its stream has a hole."""
    tree.catch_up()
    tamper("DELETE FROM fact WHERE position = 6")
    report = verify(store, tree)
    assert found(report) == {Check.POSITIONS: 6, Check.CHAIN: 5, Check.VERSIONS: 7}
    assert report.first_position == 6
    assert "positions 5 to 8" in report.findings[0].detail


def test_facts_deleted_from_the_end_are_missed(store: FactStore, tree: Tree, key: HeadKey, tamper: Tamper) -> None:
    """By the chain; when that is cut too, by tree and heads; when those are, by a head that was published."""
    tree.sign(key, CLOCK)
    tamper("DELETE FROM fact WHERE position > 8")
    assert found(verify(store, tree)) == {Check.CHAIN: 9, Check.TREE: 9, Check.HEADS: 9}
    tamper("DELETE FROM chain WHERE last_position > 8")
    assert found(verify(store, tree)) == {Check.TREE: 9, Check.HEADS: 9}


def test_a_published_head_outlives_everything(store: FactStore, tree: Tree, key: HeadKey, tamper: Tamper) -> None:
    """An administrator who rewrites facts, chain and tree can't rewrite what is outside."""
    head = tree.sign(key, CLOCK)
    tamper("DELETE FROM fact WHERE position > 8", "DELETE FROM chain WHERE last_position > 8")
    with tree._engine.begin() as connection:
        for table in ("tile", "reader_position", "head"):
            connection.exec_driver_sql(f"DELETE FROM {_in_proof(connection, table)}")
    assert verify(store, tree).ok
    report = verify(store, tree, published=[PublishedHead(head.note, key.verifier)])
    assert found(report) == {Check.HEADS: 9}


def test_swapped_facts_are_named(store: FactStore, tree: Tree, tamper: Tamper) -> None:
    """The order is part of what is proven."""
    tree.catch_up()
    tamper(
        "UPDATE fact SET position = -1 WHERE position = 6",
        "UPDATE fact SET position = 6 WHERE position = 7",
        "UPDATE fact SET position = 7 WHERE position = -1",
    )
    assert found(verify(store, tree)) == {Check.TREE: 6, Check.CHAIN: 5, Check.VERSIONS: 6}


def test_an_inserted_fact_is_named(store: FactStore, tree: Tree, tamper: Tamper) -> None:
    """A fact that no commit has brought isn't in the chain."""
    tree.catch_up()
    columns = "(position, stream_id, version, name, body)"
    tamper(f"INSERT INTO fact {columns} SELECT 11, stream_id, 11, name, body FROM fact WHERE position = 10")
    assert found(verify(store, tree)) == {Check.CHAIN: 11}


def test_a_rewritten_chain_does_not_fool_a_signed_head(
    store: FactStore, tree: Tree, key: HeadKey, tamper: Tamper
) -> None:
    """A head names the facts since the one before it."""
    early = key.sign(4, tree.root(4) if tree.catch_up() else b"", CLOCK.now())
    late = tree.sign(key, CLOCK)
    body = store.select_facts(FactQuery(after=5), 1)[0].body.replace(b"system", b"sustem").hex()
    tamper(f"UPDATE fact SET body = {_blob(store, body)} WHERE position = 6")
    published = [PublishedHead(head.note, key.verifier) for head in (early, late)]
    report = verify(store, tree, published=published)
    assert found(report) == {Check.CHAIN: 5, Check.HEADS: 5, Check.TREE: 6}
    assert report.heads_checked == 3


def test_heads_must_be_signed_by_who_is_trusted(store: FactStore, tree: Tree, key: HeadKey, tmp_path: Path) -> None:
    """A key that the database vouches for itself is no authority."""
    forger = HeadKey.at(tmp_path / "forger.pem", "build-ledger")
    tree.sign(forger, CLOCK)
    assert verify(store, tree).ok
    report = verify(store, tree, trusted=[key.verifier])
    assert found(report) == {Check.HEADS: 1}
    assert "isn't trusted" in report.findings[0].detail


def test_an_altered_note_is_named(store: FactStore, tree: Tree, key: HeadKey) -> None:
    """A head whose text was changed is no head; nor is nonsense."""
    head = tree.sign(key, CLOCK)
    altered = head.note.replace("2026", "2025")
    report = verify(store, tree, published=[PublishedHead(altered, key.verifier), PublishedHead("?", key.verifier)])
    assert found(report) == {Check.HEADS: 1}


def test_a_damaged_tree_is_named(store: FactStore, tree: Tree) -> None:
    """The tree's own nodes are checked too; the facts are then the truth, and it can be rebuilt."""
    tree.catch_up()
    with tree._engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM {_in_proof(connection, 'tile')}")
    assert found(verify(store, tree)) == {Check.TREE: 1}


def test_an_unreadable_file_is_a_finding(tmp_path: Path) -> None:
    """Overwritten pages are reported with the position up to which everything was read."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    store = open_store(url)
    store.insert_events([stored(stream(str(number)), 1, "x" * 500) for number in range(200)])
    store.close()
    file = tmp_path / "ledger.db"
    content = bytearray(file.read_bytes())
    half = len(content) // 2 // 4096 * 4096
    content[half : half + 16 * 4096] = b"\xff" * (16 * 4096)
    file.write_bytes(content)
    store = open_store(url)
    tree = Tree.open(store, url)
    report = verify(store, tree)
    assert not report.ok
    assert Check.DATABASE in found(report)
    tree.close()
    store.close()


def test_reports_are_for_people_and_programs(store: FactStore, tree: Tree, tamper: Tamper) -> None:
    """Both name the first position."""
    tamper("DELETE FROM fact WHERE position = 4")
    report = verify(store, tree)
    assert "FAILED  positions" in report.to_text()
    assert "The first position that doesn't fit is 4." in report.to_text()
    data = msgspec.json.decode(report.to_json())
    assert (data["ok"], data["first_position"], data["findings"][0]["position"]) == (False, 4, 4)
    assert msgspec.json.decode(verify(store, tree).to_json())["facts"] == 9


def _in_proof(connection: sa.Connection, table: str) -> str:
    return f"proof.{table}" if connection.dialect.name == "postgresql" else table


def _blob(store: FactStore, content: str) -> str:
    return f"x'{content}'" if "SQLite" in type(store).__name__ else f"'\\x{content}'::bytea"


def test_what_workers_said_of_the_ledger_is_listed(store: FactStore, tree: Tree) -> None:
    """It is no finding, for a backup may have been restored; but whoever verifies learns of it."""
    said = WorkerLedgerContradicted(worker="w1", head_position=812, head_digest="ab", ledger_position=10)
    meta = Metadata(recorded_at=AT, actor="worker:w1", command_id=stream("head"))
    store.insert_events([StoredEvent(worker_id("w1"), 1, said.NAME, encode(said, meta))])
    report = verify(store, tree)
    assert report.ok
    assert (
        "NOTED   position 11: worker w1 came with a head of position 812, and it ended at 10: a backup was restored"
        in report.to_text()
    )
    assert msgspec.json.decode(report.to_json())["contradicted"][0]["worker"] == "w1"


def test_what_readers_have_set_aside_is_listed(store: FactStore, tree: Tree) -> None:
    """It is no finding, for nothing was altered; but whoever verifies learns what read models are without."""
    reason = "OverflowError: too large"
    said = ProjectionSkipped(reader="status", reader_version=1, position=4, fact="log.opened.v1", reason=reason)
    meta = Metadata(recorded_at=AT, actor="system", command_id=stream("skip"))
    store.insert_events([StoredEvent(reader_id("status"), 1, said.NAME, encode(said, meta))])
    report = verify(store, tree)
    assert report.ok
    assert report.skipped == (Skipped(reader="status", position=4, fact="log.opened.v1", reason=reason),)
    assert "SKIPPED position 4 (log.opened.v1), set aside by status: OverflowError: too large" in report.to_text()
    assert msgspec.json.decode(report.to_json())["skipped"][0]["position"] == 4


def test_heads_of_several_servers_in_one_file(store: FactStore, tree: Tree, key: HeadKey, tmp_path: Path) -> None:
    """Each has a key of its own, all of one name: a head is checked with the one that it was signed with."""
    other = HeadKey.at(tmp_path / "other.pem", "build-ledger")
    heads = [tree.sign(one, CLOCK) for one in (key, other)]
    kept = tmp_path / "heads"
    kept.write_text("\n".join(head.note for head in heads))
    for verifiers in ([key.verifier, other.verifier], [other.verifier, key.verifier]):
        published = read_published(kept, verifiers)
        assert [head.verifier for head in published] == [key.verifier, other.verifier]
        assert verify(store, tree, published=published).ok
