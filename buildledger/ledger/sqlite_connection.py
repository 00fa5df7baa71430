"""How the ledger's SQLite file is opened, made, watched, and how its errors are named."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from eventsourcing import persistence

from buildledger.ledger.errors import LedgerFormatError
from buildledger.ledger.schema_sqlite import APPEND_ONLY_TABLES, FORMAT, TABLES
from buildledger.ledger.store import Watch

LOCK_SECONDS = 5.0
"""How long a writer waits for another process to end its transaction."""
PAGE_CACHE_KIB = 65_536
MEMORY_MAP_BYTES = 1 << 28
FOREIGN_POLL_SECONDS = 0.1
"""How often a watch looks whether another process has committed: a few microseconds each time."""


def make_private(path: Path) -> None:
    """Make a database file that only its owner can read, unless it is there; SQLite's side files follow it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)


def in_the_way(path: Path) -> str:
    """Why a database can't be opened, which SQLite doesn't say; empty if nothing is seen that keeps it closed."""
    for each in (path.parent, path):
        if each.exists() and not os.access(each, os.R_OK | (os.X_OK if each.is_dir() else 0)):
            return f": {each} may not be read by this account"
    return ": it is a directory" if path.is_dir() else ""


def connect(path: Path) -> sqlite3.Connection:
    """A connection that commits every statement unless told otherwise, and that threads may share in turn."""
    db = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        f"cache_size = -{PAGE_CACHE_KIB}",
        f"mmap_size = {MEMORY_MAP_BYTES}",
    ):
        db.execute(f"PRAGMA {pragma}")
    return db


def empty_write_ahead_log(db: sqlite3.Connection) -> None:
    """Move all that was committed into the database's own file, as far as nobody else is reading; before it is closed.

    Whoever copies only that file has everything then. Where it can't be done, nothing is lost: the next to open reads
    both.
    """
    with suppress(sqlite3.Error):
        db.execute("PRAGMA busy_timeout = 0")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing, which also reads a backup where nothing may be written.

    Raises:
        sqlite3.Error: If there is no database that can be read.
    """
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        return _open_to_read(address)
    except sqlite3.OperationalError:
        # in write-ahead mode reading needs a file beside the database, unless nobody can be writing
        log = path.with_name(f"{path.name}-wal")
        if not path.is_file() or (log.exists() and log.stat().st_size):
            raise
        return _open_to_read(f"{address}&immutable=1")


def _open_to_read(address: str) -> sqlite3.Connection:
    db = sqlite3.connect(address, uri=True, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        for pragma in (f"cache_size = -{PAGE_CACHE_KIB}", f"mmap_size = {MEMORY_MAP_BYTES}"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        db.close()
        raise
    return db


def check_format(db: sqlite3.Connection, path: Path) -> None:
    """Make sure that there is a ledger that can be read.

    Raises:
        LedgerFormatError: There is none, or a later version of Build Ledger made it.
    """
    found = int(db.execute("PRAGMA user_version").fetchone()[0])
    if found > FORMAT:
        msg = f"{path} has ledger format {found}; this version of Build Ledger knows formats up to {FORMAT}"
        raise LedgerFormatError(msg)
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    missing = sorted({"fact", "chain", "command", "checkpoint"} - tables)
    if missing:
        raise LedgerFormatError(f"{path} is no ledger: it has no table {', '.join(missing)}")


def migrate(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables that aren't there.

    Raises:
        LedgerFormatError: If a later version of Build Ledger made them.
    """
    found = int(db.execute("PRAGMA user_version").fetchone()[0])
    if found > FORMAT:
        msg = f"{path} has ledger format {found}; this version of Build Ledger knows formats up to {FORMAT}"
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


class DataVersionWatch(Watch):
    """Looks at `PRAGMA data_version`, which changes when another connection has committed."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._interrupted = threading.Event()
        self._version = self._read()

    def _read(self) -> int:
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def wait(self, timeout_seconds: float) -> bool:
        """See `Watch`."""
        for _ in range(max(1, round(timeout_seconds / FOREIGN_POLL_SECONDS))):
            if self._interrupted.wait(FOREIGN_POLL_SECONDS):
                return True
            with translated():
                version = self._read()
            if version != self._version:
                self._version = version
                return True
        return False

    def interrupt(self) -> None:
        """See `Watch`."""
        self._interrupted.set()

    def close(self) -> None:
        """See `Watch`."""
        self._db.close()


_ERRORS: tuple[tuple[type[sqlite3.Error], type[persistence.PersistenceError]], ...] = (
    (sqlite3.IntegrityError, persistence.IntegrityError),
    (sqlite3.OperationalError, persistence.OperationalError),
    (sqlite3.ProgrammingError, persistence.ProgrammingError),
    (sqlite3.Error, persistence.DatabaseError),
)


@contextmanager
def translated() -> Iterator[None]:
    """SQLite's errors in the library's words."""
    try:
        yield
    except sqlite3.Error as error:
        translated = next(ours for theirs, ours in _ERRORS if isinstance(error, theirs))
        raise translated(str(error)) from error
