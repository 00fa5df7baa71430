"""The ledger in an SQLite file: the embedded default."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing import persistence
from eventsourcing.persistence import Notification, StoredEvent

from buildledger.ledger.errors import LedgerFormatError
from buildledger.ledger.pool import ConnectionPool
from buildledger.ledger.store import (
    GENESIS,
    MAX_MOVED_STREAMS,
    ChainLink,
    Checkpoint,
    CommandRecord,
    FactStore,
    KnownCommand,
    Watch,
    extend_chain,
    leaf_hash,
    stream_of,
)

FORMAT = 1
LOCK_SECONDS = 5.0
"""How long a writer waits for another process to end its transaction."""
PAGE_CACHE_KIB = 65_536
MEMORY_MAP_BYTES = 1 << 28
FOREIGN_POLL_SECONDS = 0.1
"""How often a watch looks whether another process has committed: a few microseconds each time."""

TABLES = (
    """CREATE TABLE IF NOT EXISTS fact (
        position INTEGER PRIMARY KEY,
        stream_id BLOB NOT NULL,
        version INTEGER NOT NULL,
        name TEXT NOT NULL,
        body BLOB NOT NULL,
        UNIQUE (stream_id, version)
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS chain (
        last_position INTEGER PRIMARY KEY,
        previous BLOB NOT NULL UNIQUE,
        head BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS command (
        command_id BLOB PRIMARY KEY,
        digest BLOB NOT NULL,
        position INTEGER NOT NULL,
        fact_count INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS checkpoint (
        name TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        position INTEGER NOT NULL,
        state BLOB NOT NULL
    ) STRICT, WITHOUT ROWID""",
)
APPEND_ONLY_TABLES = ("fact", "chain", "command")
COLUMNS = "stream_id, version, name, body"


class SQLiteFactStore(FactStore):
    """One file, in write-ahead mode, synchronised at every commit; `:memory:` isn't supported on purpose."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writing = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._readers = ConnectionPool(self._connect)
        with self._writing, _translated():
            self._migrate(self._connect_writer())

    def append(self, facts: Sequence[StoredEvent], commands: Sequence[CommandRecord] = ()) -> int:
        """As the port says; one transaction and one fsync."""
        leaves = [leaf_hash(fact) for fact in facts]
        with self._writing, _translated():
            db = self._writer or self._connect_writer()
            try:
                db.execute("BEGIN IMMEDIATE")
                base = self._insert(db, facts, leaves, commands)
                db.execute("COMMIT")
            except sqlite3.IntegrityError:
                db.execute("ROLLBACK")
                raise
            except BaseException:
                # After a failed write only a fresh connection is sure to show what is in the file.
                self._writer = None
                db.close()
                raise
            return base

    def _insert(
        self,
        db: sqlite3.Connection,
        facts: Sequence[StoredEvent],
        leaves: Sequence[bytes],
        commands: Sequence[CommandRecord],
    ) -> int:
        base = int(db.execute("SELECT coalesce(max(position), 0) FROM fact").fetchone()[0])
        if facts:
            db.executemany(
                "INSERT INTO fact VALUES (?,?,?,?,?)",
                [
                    (position, stream_of(fact).bytes, fact.originator_version, fact.topic, fact.state)
                    for position, fact in enumerate(facts, base + 1)
                ],
            )
            row = db.execute("SELECT head FROM chain ORDER BY last_position DESC LIMIT 1").fetchone()
            previous = GENESIS if row is None else row[0]
            db.execute(
                "INSERT INTO chain VALUES (?,?,?)", (base + len(facts), previous, extend_chain(previous, leaves))
            )
        if commands:
            db.executemany(
                "INSERT INTO command VALUES (?,?,?,?)",
                [(c.command_id.bytes, c.digest, base + c.ends_at, c.fact_count) for c in commands],
            )
        return base

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
            (originator_id.bytes, gt or 0, lte if lte is not None else 1 << 62, limit if limit is not None else -1),
        )
        return [StoredEvent(originator_id, version, name, body) for _, version, name, body in rows]

    def select_streams(self, stream_ids: Collection[UUID]) -> Sequence[StoredEvent]:
        """As the port says; one query."""
        rows = self._query_many(
            f"SELECT {COLUMNS} FROM fact WHERE stream_id IN (?) ORDER BY stream_id, version",  # noqa: S608 - constants
            stream_ids,
        )
        return [StoredEvent(UUID(bytes=stream), version, name, body) for stream, version, name, body in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Facts in the one total order, from `start` on."""
        first = (start or 0) if inclusive_of_start else (start or 0) + 1
        named = f" AND name IN ({','.join('?' * len(topics))})" if topics else ""
        rows = self._query(
            f"SELECT {COLUMNS}, position FROM fact WHERE position BETWEEN ? AND ?{named}"  # noqa: S608 - constants
            " ORDER BY position LIMIT ?",
            (first, stop if stop is not None else 1 << 62, *topics, limit),
        )
        return [Notification(UUID(bytes=o), version, name, body, at) for o, version, name, body, at in rows]

    def max_notification_id(self) -> int | None:
        """The last position, or None."""
        position: int | None = self._query("SELECT max(position) FROM fact")[0][0]
        return position

    def known_commands(self, command_ids: Collection[UUID]) -> dict[UUID, KnownCommand]:
        """As the port says; one query."""
        rows = self._query_many(
            "SELECT command_id, digest, position, fact_count FROM command WHERE command_id IN (?)", command_ids
        )
        return {UUID(bytes=row[0]): KnownCommand(*row[1:]) for row in rows}

    def moved_since(self, position: int) -> tuple[int, Collection[UUID] | None]:
        """As the port says."""
        head = self.head()
        if head - position > MAX_MOVED_STREAMS:
            return head, None
        if head == position:
            return head, ()
        rows = self._query("SELECT DISTINCT stream_id FROM fact WHERE position BETWEEN ? AND ?", (position + 1, head))
        return head, {UUID(bytes=row[0]) for row in rows}

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
        return _DataVersionWatch(self._connect())

    def close(self) -> None:
        """Close every connection that isn't in use."""
        with self._writing:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        self._readers.close()

    def _query(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with _translated(), self._readers.connection() as db:
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

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            f"cache_size = -{PAGE_CACHE_KIB}",
            f"mmap_size = {MEMORY_MAP_BYTES}",
        ):
            db.execute(f"PRAGMA {pragma}")
        return db

    def _migrate(self, db: sqlite3.Connection) -> None:
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
        if found > FORMAT:
            msg = f"{self.path} has ledger format {found}; this version of Build Ledger knows formats up to {FORMAT}"
            raise LedgerFormatError(msg)
        if found == FORMAT:
            return
        db.execute("BEGIN IMMEDIATE")
        for statement in TABLES:
            db.execute(statement)
        for table in APPEND_ONLY_TABLES:
            for verb in ("UPDATE", "DELETE"):
                db.execute(
                    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
                )
        db.execute(f"PRAGMA user_version = {FORMAT}")
        db.execute("COMMIT")


class _DataVersionWatch(Watch):
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._interrupted = threading.Event()
        self._version = self._read()

    def _read(self) -> int:
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def wait(self, timeout_seconds: float) -> bool:
        for _ in range(max(1, round(timeout_seconds / FOREIGN_POLL_SECONDS))):
            if self._interrupted.wait(FOREIGN_POLL_SECONDS):
                return True
            with _translated():
                version = self._read()
            if version != self._version:
                self._version = version
                return True
        return False

    def interrupt(self) -> None:
        self._interrupted.set()

    def close(self) -> None:
        self._db.close()


_ERRORS: tuple[tuple[type[sqlite3.Error], type[persistence.PersistenceError]], ...] = (
    (sqlite3.IntegrityError, persistence.IntegrityError),
    (sqlite3.OperationalError, persistence.OperationalError),
    (sqlite3.ProgrammingError, persistence.ProgrammingError),
    (sqlite3.Error, persistence.DatabaseError),
)


@contextmanager
def _translated() -> Iterator[None]:
    """SQLite's errors in the library's words."""
    try:
        yield
    except sqlite3.Error as error:
        translated = next(ours for theirs, ours in _ERRORS if isinstance(error, theirs))
        raise translated(str(error)) from error
