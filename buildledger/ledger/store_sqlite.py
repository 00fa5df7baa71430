"""The ledger in an SQLite file: the embedded default."""

from __future__ import annotations

import heapq
import sqlite3
import threading
from collections.abc import Collection, Sequence
from contextlib import closing
from functools import partial
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import DatabaseError, StoredEvent

from buildledger.ledger.errors import NothingWritten
from buildledger.ledger.pool import ConnectionPool
from buildledger.ledger.schema_sqlite import selection
from buildledger.ledger.sqlite_connection import (
    DataVersionWatch,
    check_format,
    connect,
    connect_to_read,
    empty_write_ahead_log,
    make_private,
    migrate,
    translated,
)
from buildledger.ledger.store import (
    GENESIS,
    MAX_MOVED_STREAMS,
    MAX_POSITION,
    RELIED_ON_MOVED,
    ChainLink,
    Checkpoint,
    CommandRecord,
    FactQuery,
    FactStore,
    KnownCommand,
    ReliedOn,
    StoredFact,
    Watch,
    extend_chain,
    leaf_of,
    stream_of,
)

COLUMNS = "stream_id, version, name, body"


class SQLiteFactStore(FactStore):
    """One file, in write-ahead mode, synchronised at every commit; `:memory:` isn't supported on purpose."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._writing = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._connect = partial(connect_to_read if read_only else connect, path)
        self._readers = ConnectionPool(self._connect)
        if read_only:
            with translated(), self._readers.connection() as db:
                check_format(db, path)
            return
        make_private(path)
        with self._writing, translated():
            migrate(self._connect_writer(), path)

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        commands: Sequence[CommandRecord] = (),
        relied_on: ReliedOn | None = None,
        **_: object,
    ) -> range:
        """As the port says; one transaction and one fsync.

        Raises:
            NothingWritten: It failed, on a full disk for one, and left nothing behind.
        """
        leaves = [leaf_of(event) for event in stored_events]
        with self._writing, translated():
            committing = False
            try:
                db = self._writer or self._connect_writer()
                db.execute("BEGIN IMMEDIATE")
                _require_unmoved(db, relied_on)
                base = self._insert(db, stored_events, leaves, commands)
                committing = True
                db.execute("COMMIT")
            except sqlite3.IntegrityError:
                db.execute("ROLLBACK")
                raise
            except BaseException as error:
                # After a failed write only a fresh connection is sure to show what is in the file.
                self._drop_writer()
                if isinstance(error, sqlite3.Error) and not (committing and self._may_hold(stored_events, commands)):
                    raise NothingWritten(str(error)) from error
                raise
            return range(base + 1, base + 1 + len(stored_events))

    def _may_hold(self, facts: Sequence[StoredEvent], commands: Sequence[CommandRecord]) -> bool:
        """Whether a commit that failed may be in the file all the same; True if that can't be found out."""
        try:
            with closing(self._connect()) as db:
                for fact in facts[:1]:
                    found = db.execute(
                        "SELECT 1 FROM fact WHERE stream_id = ? AND version = ?",
                        (stream_of(fact).bytes, fact.originator_version),
                    )
                    return found.fetchone() is not None
                for command in commands[:1]:
                    found = db.execute("SELECT 1 FROM command WHERE command_id = ?", (command.command_id.bytes,))
                    return found.fetchone() is not None
        except sqlite3.Error:
            return True
        return False

    def _drop_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = None

    def _insert(
        self,
        db: sqlite3.Connection,
        facts: Sequence[StoredEvent],
        leaves: Sequence[bytes],
        commands: Sequence[CommandRecord],
    ) -> int:
        base, previous = db.execute(
            "SELECT (SELECT max(position) FROM fact), (SELECT head FROM chain ORDER BY last_position DESC LIMIT 1)"
        ).fetchone()
        base = base or 0
        previous = previous or GENESIS
        if facts:
            db.executemany(
                "INSERT INTO fact VALUES (?,?,?,?,?)",
                [
                    (position, stream_of(fact).bytes, fact.originator_version, fact.topic, fact.state)
                    for position, fact in enumerate(facts, base + 1)
                ],
            )
            db.execute(
                "INSERT INTO chain VALUES (?,?,?)", (base + len(facts), previous, extend_chain(previous, leaves))
            )
        if commands:
            db.executemany(
                "INSERT INTO command VALUES (?,?,?,?)",
                [(c.command_id.bytes, c.digest, base + c.ends_at, c.fact_count) for c in commands],
            )
        return int(base)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The facts of one stream with versions in (gt, lte]."""
        assert isinstance(originator_id, UUID)
        rows = self._query(
            f"SELECT {COLUMNS} FROM fact WHERE stream_id = ? AND version > ? AND version <= ?"  # noqa: S608 - constants
            f" ORDER BY version {'DESC' if desc else 'ASC'} LIMIT ?",
            (originator_id.bytes, gt or 0, MAX_POSITION if lte is None else lte, limit if limit is not None else -1),
        )
        return [StoredEvent(originator_id, version, name, body) for _, version, name, body in rows]

    def select_streams(self, stream_ids: Collection[UUID]) -> Sequence[StoredEvent]:
        """As the port says; one query."""
        rows = self._query_many(
            f"SELECT {COLUMNS} FROM fact WHERE stream_id IN (?) ORDER BY stream_id, version",  # noqa: S608 - constants
            stream_ids,
        )
        return [StoredEvent(UUID(bytes=stream), version, name, body) for stream, version, name, body in rows]

    def select_facts(self, query: FactQuery, limit: int) -> Sequence[StoredFact]:
        """As the port says."""
        names = sorted(set(query.names))
        # several names are merged, each in the order of its index: left to itself, SQLite would sort all their history
        apart = len(names) > 1 and query.stream_id is None
        groups = [[name] for name in names] if apart else [names]
        selections = [selection(query, group, limit) for group in groups]
        with translated(), self._readers.connection() as db:
            cursors = [db.execute(statement, parameters) for statement, parameters in selections]
            rows = heapq.merge(*cursors, key=itemgetter(0), reverse=query.descending) if apart else cursors[0]
            found = list(islice(rows, limit))
            for cursor in cursors:
                cursor.close()
        try:
            return [
                StoredFact(at, UUID(bytes=stream), version, name, body) for at, stream, version, name, body in found
            ]
        except (ValueError, TypeError) as error:
            raise DatabaseError(f"{self.path} holds a row that is no fact: {error}") from error

    def head(self) -> int:
        """As the port says; one index look-up."""
        return self._query("SELECT max(position) FROM fact")[0][0] or 0

    def known_commands(self, command_ids: Collection[UUID]) -> dict[UUID, KnownCommand]:
        """As the port says; one query."""
        rows = self._query_many(
            "SELECT command_id, digest, position, fact_count FROM command WHERE command_id IN (?)", command_ids
        )
        return {UUID(bytes=row[0]): KnownCommand(*row[1:]) for row in rows}

    def commands(self, first: int, end: int) -> Sequence[tuple[UUID, KnownCommand]]:
        """As the port says; reads all of them, which are few: only clients name their commands."""
        rows = self._query(
            "SELECT command_id, digest, position, fact_count FROM command WHERE position >= ? AND position < ?"
            " ORDER BY position, command_id",
            (first, end),
        )
        try:
            return [(UUID(bytes=row[0]), KnownCommand(*row[1:])) for row in rows]
        except (ValueError, TypeError) as error:
            raise DatabaseError(f"{self.path} holds a row that is no command: {error}") from error

    def moved_since(self, position: int) -> tuple[int, Collection[UUID] | None]:
        """As the port says."""
        head = self.head()
        if head - position > MAX_MOVED_STREAMS:
            return head, None
        if head == position:
            return head, ()
        rows = self._query("SELECT DISTINCT stream_id FROM fact WHERE position BETWEEN ? AND ?", (position + 1, head))
        return head, {UUID(bytes=row[0]) for row in rows}

    def count(self) -> tuple[int, int]:
        """As the port says."""
        count, head = self._query("SELECT count(*), max(position) FROM fact")[0]
        return count, head or 0

    def chain(self, after: int, limit: int) -> Sequence[ChainLink]:
        """As the port says."""
        rows = self._query(
            "SELECT last_position, previous, head FROM chain WHERE last_position > ? ORDER BY last_position LIMIT ?",
            (after, limit),
        )
        return [ChainLink(*row) for row in rows]

    def first_out_of_order(self) -> int | None:
        """As the port says; one index look-up a fact."""
        rows = self._query(
            "SELECT min(f.position) FROM fact f WHERE f.version < 1 OR (f.version > 1 AND NOT EXISTS (SELECT 1 FROM"
            " fact p WHERE p.stream_id = f.stream_id AND p.version = f.version - 1 AND p.position < f.position))"
        )
        position: int | None = rows[0][0]
        return position

    def checkpoint(self, name: str) -> Checkpoint | None:
        """As the port says."""
        rows = self._query("SELECT version, position, state FROM checkpoint WHERE name = ?", (name,))
        return Checkpoint(*rows[0]) if rows else None

    def checkpoints(self) -> Sequence[str]:
        """As the port says."""
        return [row[0] for row in self._query("SELECT name FROM checkpoint ORDER BY name")]

    def save_checkpoint(self, name: str, checkpoint: Checkpoint) -> None:
        """As the port says."""
        self._query(
            "INSERT INTO checkpoint VALUES (?,?,?,?) ON CONFLICT (name) DO UPDATE SET version = excluded.version,"
            " position = excluded.position, state = excluded.state"
            " WHERE excluded.version != version OR excluded.position >= position",
            (name, *checkpoint),
        )

    def watch(self) -> Watch:
        """Looks at `PRAGMA data_version`, which changes when another connection has committed."""
        return DataVersionWatch(self._connect())

    def close(self) -> None:
        """Close every connection that isn't in use."""
        self._readers.close()
        with self._writing:
            if self._writer is not None:
                empty_write_ahead_log(self._writer)
            self._drop_writer()

    def _query(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with translated(), self._readers.connection() as db:
            return db.execute(statement, parameters).fetchall()

    def _query_many(self, statement: str, ids: Collection[UUID]) -> list[tuple[Any, ...]]:
        """Run a statement with `IN (?)` for many ids, padded to a power of two so that few statements are compiled."""
        values = [value.bytes for value in ids]
        if not values:
            return []
        values += values[-1:] * ((1 << (len(values) - 1).bit_length()) - len(values))
        return self._query(statement.replace("IN (?)", f"IN ({','.join('?' * len(values))})"), values)

    def _connect_writer(self) -> sqlite3.Connection:
        self._writer = self._connect()
        return self._writer


def _require_unmoved(db: sqlite3.Connection, relied_on: ReliedOn | None) -> None:
    """Called with the write lock held, so that what is seen holds until the commit.

    Raises:
        sqlite3.IntegrityError: A stream has moved.
    """
    if relied_on is None:
        return
    moved = db.execute("SELECT stream_id FROM fact WHERE position > ?", (relied_on.position,))
    if not {stream.bytes for stream in relied_on.streams}.isdisjoint(row[0] for row in moved):
        raise sqlite3.IntegrityError(RELIED_ON_MOVED)
