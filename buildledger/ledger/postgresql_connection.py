"""How the ledger's PostgreSQL database is reached, made, listened to, and how its errors are named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from eventsourcing import persistence
from psycopg.rows import TupleRow

from buildledger.ledger import schema_postgresql as schema
from buildledger.ledger.errors import LedgerFormatError
from buildledger.ledger.store import Watch

CONNECT_TIMEOUT_SECONDS = 5
ENCODING = "UTF8"
"""In which databases keep text: others can't hold every character, or don't know one from another."""
CONNECTION_OPTIONS: dict[str, Any] = {
    "client_encoding": ENCODING,
    "connect_timeout": CONNECT_TIMEOUT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""Of every connection, whatever environment and database say of encodings: one whose machine is gone without a word
breaks within half a minute, else it may hang for hours with whoever waits for its answer."""

PostgresConnection = psycopg.Connection[TupleRow]


def connect(url: str) -> PostgresConnection:
    """A connection that commits every statement."""
    return psycopg.connect(url, autocommit=True, **CONNECTION_OPTIONS)


def migrate(db: PostgresConnection) -> None:
    """Make what isn't there, while other processes may be doing the same.

    Raises:
        LedgerFormatError: If a later version of Build Ledger made it, or the database keeps text in another encoding.
    """
    _check_encoding(db)
    with db.transaction():
        db.execute(schema.MIGRATION_LOCK)
        row = db.execute("SELECT to_regclass('ledger.format') IS NOT NULL").fetchone()
        if row is None or not row[0]:
            db.execute(schema.TABLES)
            return
        _check_number(db)


def check_format(db: PostgresConnection) -> None:
    """Make sure that there is a ledger that can be read.

    Raises:
        LedgerFormatError: There is none, or a later version of Build Ledger made it.
    """
    row = db.execute("SELECT to_regclass('ledger.format') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        raise LedgerFormatError("the database holds no ledger: it has no schema of that name")
    _check_number(db)


def _check_encoding(db: PostgresConnection) -> None:
    """A ledger holds facts as bytes, but read models couldn't hold their texts."""
    row = db.execute(
        "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    if row is not None and row[0] != ENCODING:
        why = f"the database keeps text in {row[0]}, which can't hold every character"
        msg = f"{why}: create one with ENCODING '{ENCODING}'"
        raise LedgerFormatError(msg)


def _check_number(db: PostgresConnection) -> None:
    row = db.execute("SELECT number FROM ledger.format").fetchone()
    if row is None or row[0] > schema.FORMAT:
        found = row and row[0]
        msg = f"the database has ledger format {found}; this version of Build Ledger knows up to {schema.FORMAT}"
        raise LedgerFormatError(msg)


class ListenWatch(Watch):
    """Listens on the channel that every append notifies; the process's own appends don't count."""

    def __init__(self, url: str, is_own: Callable[[int], bool]) -> None:
        self._url = url
        self._is_own = is_own
        self._interrupted = False
        self._db = self._listen()

    def _listen(self) -> PostgresConnection:
        db = connect(self._url)
        db.execute("LISTEN buildledger_facts")
        return db

    def wait(self, timeout_seconds: float) -> bool:
        """See `Watch`."""
        with translated():
            if self._db.closed:
                self._db = self._listen()
                return True
            others = False
            for notice in self._db.notifies(timeout=timeout_seconds, stop_after=1):
                others = not self._is_own(notice.pid)
            return others or self._interrupted

    def interrupt(self) -> None:
        """See `Watch`."""
        self._interrupted = True
        try:
            with connect(self._url) as db:
                db.execute("SELECT pg_notify('buildledger_facts', '')")
        except psycopg.Error:
            # the database is away: the wait ends by its timeout
            return

    def close(self) -> None:
        """See `Watch`."""
        self._db.close()


@contextmanager
def translated() -> Iterator[None]:
    """PostgreSQL's errors in the library's words."""
    try:
        yield
    except psycopg.errors.UniqueViolation as error:
        raise persistence.IntegrityError(str(error)) from error
    except psycopg.OperationalError as error:
        raise persistence.OperationalError(str(error)) from error
    except psycopg.Error as error:
        raise persistence.DatabaseError(str(error)) from error
    except UnicodeDecodeError as error:
        # PostgreSQL looks at a text when it comes in, and not again when its file was damaged
        raise persistence.DatabaseError(f"it holds a text that is none: {error}") from error
