"""Names that all servers of a PostgreSQL ledger know: proofs that workers have shown, sessions that have ended."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg

from buildledger.ledger.postgresql_connection import connect, translated

SWEEP_ADDS = 1_000
"""After so many names those that have expired are removed."""

_TABLE = """
CREATE SCHEMA IF NOT EXISTS servers;
CREATE TABLE IF NOT EXISTS servers.shown_once (name text PRIMARY KEY, until double precision NOT NULL);
"""
_KNOWS = "SELECT 1 FROM servers.shown_once WHERE name = %s"
_ADD = "INSERT INTO servers.shown_once VALUES (%s, %s) ON CONFLICT (name) DO NOTHING RETURNING 1"


class ShownOnce:
    """What was shown to any server. Thread-safe; every method blocks. Call `close` at the end."""

    def __init__(self, url: str) -> None:
        """Make the table if it isn't there.

        Raises:
            StoreError: The database is away.
        """
        self._url = url
        self._lock = threading.Lock()
        self._adds = 0
        with translated():
            self._db = connect(url)
            with self._db.transaction():
                self._db.execute("SELECT pg_advisory_xact_lock(hashtext('buildledger'), hashtext('migrate'))")
                self._db.execute(_TABLE)

    def add(self, name: str, until: float, now: float) -> bool:
        """Remember a name until a time in seconds; False if some server knows it already.

        Raises:
            StoreError: The database is away.
        """
        return self._ask(lambda: self._add(name, until, now))

    def knows(self, name: str) -> bool:
        """Whether some server was told the name and hasn't forgotten it.

        Raises:
            StoreError: The database is away.
        """
        return self._ask(lambda: self._db.execute(_KNOWS, (name,)).fetchone() is not None)

    def close(self) -> None:
        """End the connection."""
        with self._lock:
            self._db.close()

    def _ask(self, question: Callable[[], bool]) -> bool:
        with self._lock, translated():
            try:
                return question()
            except psycopg.OperationalError:
                # once more: the connection may have ended long ago, as when the database was restarted
                self._db.close()
                self._db = connect(self._url)
                return question()

    def _add(self, name: str, until: float, now: float) -> bool:
        self._adds += 1
        if self._adds % SWEEP_ADDS == 1:
            self._db.execute("DELETE FROM servers.shown_once WHERE until < %s", (now,))
        return self._db.execute(_ADD, (name, until)).fetchone() is not None
