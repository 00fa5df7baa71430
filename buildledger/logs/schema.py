"""The tables of the local log store and how its connections are opened.

One SQLite database in WAL mode knows all logs of a process: its write-ahead log is the ingest journal, so appending to
any number of logs is one commit, and its recovery is the store's recovery. Small chunks stand in the database itself,
large ones in pack files beside it.
"""

import sqlite3
from pathlib import Path

from buildledger.logs.store import LogStoreError

DATABASE_NAME = "logs.db"
PAGE_BYTES = 4096
"""A tiny append rewrites a few pages, so they are small."""

CHECKPOINT_BYTES = 16 * 1024 * 1024
"""How far the write-ahead log grows before its pages move to the database."""

BUSY_MILLISECONDS = 10_000

# A log's chunks follow each other without gap. Chunks before `log.tail_start` are sealed; those from there on are the
# small pieces that arrived last and are merged once they make a chunk worth compressing.
_TABLES = """
CREATE TABLE IF NOT EXISTS log (
    id INTEGER PRIMARY KEY,
    log_id BLOB NOT NULL UNIQUE,
    size_bytes INTEGER NOT NULL,
    newlines INTEGER NOT NULL,
    open_line INTEGER NOT NULL,      -- 1: the last byte is not a newline
    tail_start INTEGER NOT NULL,
    tail_pieces INTEGER NOT NULL,
    sha256 BLOB                      -- set when the log is finished
);
CREATE TABLE IF NOT EXISTS chunk (
    log INTEGER NOT NULL,
    first_byte INTEGER NOT NULL,
    first_line INTEGER NOT NULL,     -- newlines before the chunk
    size_bytes INTEGER NOT NULL,
    codec INTEGER NOT NULL,
    pack INTEGER NOT NULL,           -- 0: `data` holds the chunk
    pack_at INTEGER NOT NULL,
    packed_bytes INTEGER NOT NULL,
    data BLOB
);
CREATE UNIQUE INDEX IF NOT EXISTS chunk_by_byte ON chunk (log, first_byte);
CREATE INDEX IF NOT EXISTS chunk_by_line ON chunk (log, first_line, first_byte);
CREATE TABLE IF NOT EXISTS pack (
    pack INTEGER PRIMARY KEY,
    end_at INTEGER NOT NULL          -- bytes of the file that count
);
"""


def packs_directory(directory: Path) -> Path:
    """Where the packs of a store stand."""
    return directory / "packs"


def open_writer(directory: Path) -> sqlite3.Connection:
    """Open the database for the ingest thread, creating it if it isn't there.

    Raises:
        LogStoreError: It can't be opened, or isn't one.
        OSError
    """
    directory.mkdir(parents=True, exist_ok=True)
    try:
        return _prepared(_connect(directory))
    except sqlite3.Error as error:
        raise LogStoreError(f"{directory / DATABASE_NAME} can't be opened: {error}") from error


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    for pragma in (
        f"page_size={PAGE_BYTES}",
        "auto_vacuum=INCREMENTAL",  # space of deleted logs can be returned without rewriting the file
        "journal_mode=WAL",
        "synchronous=FULL",
        "wal_autocheckpoint=0",  # the ingest thread checkpoints after it has answered its callers
        f"journal_size_limit={2 * CHECKPOINT_BYTES}",
        "cache_size=-16000",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.executescript(_TABLES)
    return connection


def open_reader(directory: Path) -> sqlite3.Connection:
    """Open the database for reading; may be used by one thread at a time."""
    connection = _connect(directory)
    connection.execute("PRAGMA query_only=ON")
    connection.execute("PRAGMA cache_size=-4000")
    return connection


def _connect(directory: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(directory / DATABASE_NAME, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    return connection
