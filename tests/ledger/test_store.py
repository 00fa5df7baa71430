"""One suite for every database that can hold a ledger."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from eventsourcing.persistence import DatabaseError, IntegrityError, StoredEvent

from buildledger.ledger.database import open_store
from buildledger.ledger.sqlite_connection import connect
from buildledger.ledger.store import (
    GENESIS,
    Checkpoint,
    CommandRecord,
    FactQuery,
    FactStore,
    KnownCommand,
    ReliedOn,
    extend_chain,
    leaf_of,
)
from tests.ledger.samples import stored, stream


@pytest.fixture
def store(database_url: str) -> Iterator[FactStore]:
    store = open_store(database_url)
    yield store
    store.close()


def test_positions_start_at_one_and_have_no_gaps(store: FactStore) -> None:
    """What was rolled back leaves no hole in the one total order."""
    a, b = stream("a"), stream("b")
    assert store.head() == 0
    assert store.insert_events([stored(a, 1), stored(b, 1)]) == range(1, 3)
    with pytest.raises(IntegrityError):
        store.insert_events([stored(b, 2), stored(a, 1, "late")])
    assert store.insert_events([stored(a, 2)]) == range(3, 4)
    facts = store.select_facts(FactQuery(), 10)
    assert [(fact.position, fact.stream_id, fact.version) for fact in facts] == [
        (1, a, 1),
        (2, b, 1),
        (3, a, 2),
    ]
    assert store.head() == 3


def test_a_refused_append_leaves_nothing(store: FactStore) -> None:
    """All or nothing: also the command records and the chain."""
    a = stream("a")
    store.insert_events([stored(a, 1)])
    record = CommandRecord(uuid4(), b"digest", 2, 2)
    with pytest.raises(IntegrityError):
        store.insert_events([stored(stream("b"), 1), stored(a, 1)], commands=[record])
    assert store.head() == 1
    assert store.known_commands([record.command_id]) == {}
    assert [link.last_position for link in store.chain(0, 10)] == [1]


def test_what_is_relied_on_must_not_have_moved(store: FactStore) -> None:
    """An append that relies on a stream as of a position is refused if the stream has later facts."""
    a, b, c = stream("a"), stream("b"), stream("c")
    store.insert_events([stored(a, 1), stored(b, 1)])
    with pytest.raises(IntegrityError):
        store.insert_events([stored(c, 1)], relied_on=ReliedOn(1, [b, a]))
    assert store.head() == 2
    assert store.insert_events([stored(c, 1)], relied_on=ReliedOn(1, [a])) == range(3, 4)
    assert store.insert_events([stored(c, 2)], relied_on=ReliedOn(2, [a, b])) == range(4, 5)


def test_bytes_come_back_as_they_were(store: FactStore) -> None:
    """Hashes are over stored bytes, so not one may change."""
    fact = stored(stream("a"), 1, "naïve \\u0000 😀")
    store.insert_events([fact])
    found = store.select_events(stream("a"))
    assert list(found) == [fact]
    assert isinstance(found[0].state, bytes)


def test_a_stream_is_read_in_parts_and_backwards(store: FactStore) -> None:
    """The library's way to read a stream."""
    a = stream("a")
    store.insert_events([stored(a, version) for version in range(1, 6)])
    assert _versions(store.select_events(a)) == [1, 2, 3, 4, 5]
    assert _versions(store.select_events(a, gt=2, lte=4)) == [3, 4]
    assert _versions(store.select_events(a, desc=True, limit=2)) == [5, 4]


def test_many_streams_are_read_at_once(store: FactStore) -> None:
    """Each stream's facts are in order; streams without facts are absent."""
    names = [f"s{n}" for n in range(11)]
    store.insert_events([stored(stream(name), version) for version in (1, 2) for name in names])
    found = store.select_streams([stream(name) for name in [*names, "absent"]])
    assert len(found) == 22
    for name in names:
        mine = [event.originator_version for event in found if event.originator_id == stream(name)]
        assert mine == [1, 2]
    assert list(store.select_streams([])) == []


def test_the_order_is_read_from_any_position_and_by_name(store: FactStore) -> None:
    """Limits, bounds and names narrow what is read."""
    store.insert_events([stored(stream("a"), version) for version in range(1, 8)])
    assert _positions(store, 2) == [1, 2]
    assert _positions(store, 2, after=3) == [4, 5]
    assert _positions(store, 10, last=2) == [1, 2]
    assert _positions(store, 10, names=("worker.paused.v2",)) == [1, 2, 3, 4, 5, 6, 7]
    assert _positions(store, 10, names=("worker.lost.v1",)) == []


def test_command_ids_are_unique(store: FactStore) -> None:
    """A command id is kept with where its facts ended, and never twice."""
    first, second = uuid4(), uuid4()
    store.insert_events([stored(stream("a"), 1)])
    store.insert_events(
        [stored(stream("a"), 2), stored(stream("a"), 3)],
        commands=[CommandRecord(first, b"one", 1, 1), CommandRecord(second, b"two", 2, 1)],
    )
    assert store.known_commands([first, second, uuid4()]) == {
        first: KnownCommand(b"one", 2, 1),
        second: KnownCommand(b"two", 3, 1),
    }
    with pytest.raises(IntegrityError):
        store.insert_events([stored(stream("a"), 4)], commands=[CommandRecord(first, b"one", 1, 1)])
    assert store.head() == 3


def test_a_command_without_facts_is_kept(store: FactStore) -> None:
    """Deciding nothing is an answer too, and moves neither head nor chain."""
    command = uuid4()
    store.insert_events([stored(stream("a"), 1)])
    assert store.insert_events([], commands=[CommandRecord(command, b"x", 0, 0)]) == range(2, 2)
    assert store.known_commands([command]) == {command: KnownCommand(b"x", 1, 0)}
    assert (store.head(), len(store.chain(0, 10))) == (1, 1)


def test_every_commit_extends_the_chain(store: FactStore) -> None:
    """Each link follows from the one before and from the leaves of its own facts."""
    batches = [[stored(stream("a"), 1), stored(stream("b"), 1)], [stored(stream("a"), 2)]]
    for batch in batches:
        store.insert_events(batch)
    links = store.chain(0, 10)
    first = extend_chain(GENESIS, map(leaf_of, batches[0]))
    second = extend_chain(first, map(leaf_of, batches[1]))
    assert [tuple(link) for link in links] == [(2, GENESIS, first), (3, first, second)]
    assert [link.last_position for link in store.chain(2, 10)] == [3]


def test_moved_streams_are_named(store: FactStore) -> None:
    """A writer learns which streams others have moved."""
    assert store.moved_since(0) == (0, ())
    store.insert_events([stored(stream("a"), 1)])
    store.insert_events([stored(stream("b"), 1), stored(stream("b"), 2)])
    head, moved = store.moved_since(1)
    assert (head, set(moved or ())) == (3, {stream("b")})
    head, moved = store.moved_since(3)
    assert (head, list(moved or ())) == (3, [])


def test_checkpoints_replace_one_another(store: FactStore) -> None:
    """A checkpoint never goes back, unless the follower's version has changed."""
    assert store.checkpoint("running") is None
    store.save_checkpoint("running", Checkpoint(1, 10, b"ten"))
    store.save_checkpoint("running", Checkpoint(1, 9, b"nine"))
    assert store.checkpoint("running") == Checkpoint(1, 10, b"ten")
    store.save_checkpoint("running", Checkpoint(2, 3, b"three"))
    assert store.checkpoint("running") == Checkpoint(2, 3, b"three")


def test_order_of_versions_is_checked(store: FactStore) -> None:
    """The first fact that doesn't follow its stream's previous version is named."""
    store.insert_events([stored(stream("a"), 1), stored(stream("b"), 1), stored(stream("a"), 2)])
    assert store.first_out_of_order() is None
    store.insert_events([stored(stream("b"), 3)])
    assert store.first_out_of_order() == 4


def test_a_watch_hears_of_commits_and_of_interruption(database_url: str, store: FactStore) -> None:
    """Another process's commit ends the wait; so does an interruption."""
    watch = store.watch()
    other = open_store(database_url)
    other.insert_events([stored(stream("a"), 1)])
    assert any(watch.wait(1.0) for _ in range(10))
    other.close()
    interrupter = threading.Thread(target=watch.interrupt)
    interrupter.start()
    assert any(watch.wait(1.0) for _ in range(10))
    interrupter.join()
    watch.close()


def test_writers_take_turns(database_url: str) -> None:
    """Readers that go by position miss nothing while four writers append."""
    stores = [open_store(database_url) for _ in range(4)]
    each = 40

    def write(number: int) -> None:
        for version in range(1, each + 1):
            stores[number].insert_events([stored(stream(f"w{number}"), version)])

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    reader = open_store(database_url)
    while len(seen) < 4 * each:
        batch = reader.select_facts(FactQuery(after=seen[-1] if seen else 0), 7)
        seen.extend(fact.position for fact in batch)
    for writer in writers:
        writer.join()
    assert seen == list(range(1, 4 * each + 1))
    for store in (*stores, reader):
        store.close()


def test_facts_refuse_to_be_changed(store: FactStore, database_url: str) -> None:
    """The database itself says no to UPDATE and DELETE."""
    store.insert_events([stored(stream("a"), 1)], commands=[CommandRecord(uuid4(), b"x", 1, 1)])
    for statement in ("UPDATE {} SET {} = {}", "DELETE FROM {}"):
        for table, column in (("fact", "name"), ("chain", "head"), ("command", "digest")):
            with pytest.raises(DatabaseError, match="append-only"):
                _execute(store, statement.format(_qualified(table, database_url), column, column))
    assert store.head() == 1


def test_a_commit_to_the_file_waits_for_the_disk(tmp_path: Path) -> None:
    """Each connection synchronises the write-ahead log at every commit: what is acknowledged outlives a power cut."""
    with closing(connect(tmp_path / "ledger.db")) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"


def test_opening_again_changes_nothing(database_url: str, store: FactStore) -> None:
    """Making the tables is done once."""
    store.insert_events([stored(stream("a"), 1)])
    again = open_store(database_url)
    assert again.head() == 1
    again.close()


def _qualified(table: str, url: str) -> str:
    return table if url.startswith("sqlite") else f"ledger.{table}"


def _execute(store: FactStore, statement: str) -> None:
    store._query(statement)  # type: ignore[attr-defined]  # both adapters have it; the port doesn't, on purpose


def _versions(events: Sequence[StoredEvent]) -> list[int]:
    return [event.originator_version for event in events]


def _positions(store: FactStore, limit: int, **query: Any) -> list[int]:
    return [fact.position for fact in store.select_facts(FactQuery(**query), limit)]
