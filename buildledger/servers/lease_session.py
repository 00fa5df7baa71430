"""One database session that stands for a server: while it lasts and speaks, the server lives.

Its advisory locks are the server's own and those of what it leads; they end with the session, however that ends. The
database itself ends a session that has been silent for `LEASE_SECONDS`, so that a frozen process or a broken line
doesn't hold them for ever. All times are the database's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg.rows import namedtuple_row

from buildledger.events.ids import ServerId
from buildledger.servers import schema
from buildledger.servers.entries import LostServer, PeerAddress, ServerEntry, Singleton, StoreEntry

LEASE_SECONDS = 5.0
"""After so much silence the database ends a server's session."""
RETURN_SECONDS = 2.0
"""So long a server whose session has ended may take to begin another before it is held for dead."""
CONNECT_SECONDS = 3
IDLE_TIMEOUT_VERSION = 14_00_00
"""Of PostgreSQL: before it only the operating systems' TCP notices a silent client, after some minutes."""
SERVER_LOCKS = 0x626C7376
"""The first key of the advisory locks of servers; the second is the server's number."""
SINGLETON_LOCKS = 0x626C7367
"""The first key of the advisory locks of singletons; the second is the singleton's."""
POLLS_CHANNEL = "buildledger_polls"
SINGLETON_KEYS = {Singleton.REACTORS: 1, Singleton.POLLERS: 2, Singleton.RETENTION: 3, Singleton.ELASTIC: 4}
"""For ever: servers of different versions run side by side while an installation is updated."""


@dataclass(frozen=True, kw_only=True)
class SeenServer:
    """A row of the table of servers."""

    entry: ServerEntry
    lost: bool
    """Somebody holds it for dead already."""
    silent_seconds: float
    """Since it last renewed its lease."""
    has_session: bool


class HeldForDeadError(Exception):
    """The server's lease ran out, and others act as if it were dead."""


class LeaseSession:
    """One session; used by one thread. Every method raises `psycopg.Error` once the session is over."""

    def __init__(self, url: str, entry: ServerEntry, *, is_first: bool) -> None:
        """Begin the session; in the first of its term the server is entered into the table of servers.

        Raises:
            HeldForDeadError: The server's earlier session has ended too long ago.
            psycopg.Error
        """
        self._entry = entry
        self.led: set[Singleton] = set()
        self._db = psycopg.connect(
            url,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            tcp_user_timeout=int(LEASE_SECONDS * 1000),
            keepalives_idle=1,
            keepalives_interval=1,
            keepalives_count=3,
            application_name=f"buildledger server {entry.server_id}",
        )
        try:
            self._begin(is_first=is_first)
        except BaseException:
            self._db.close()
            raise

    def renew(self, wanted: Iterable[Singleton]) -> bool:
        """Say that the server lives, and try to lead what it wants; False if it was held for dead meanwhile."""
        for singleton in wanted:
            if singleton not in self.led and self._lock(SINGLETON_LOCKS, SINGLETON_KEYS[singleton]):
                self.led.add(singleton)
        stands = {"leads": sorted(self.led), "server_id": self._entry.server_id}
        return self._db.execute(schema.RENEW, stands).fetchone() is not None

    def all(self) -> list[SeenServer]:
        """Every server that is known."""
        with self._db.cursor(row_factory=namedtuple_row) as cursor:
            return [_seen(row) for row in cursor.execute(schema.ALL, (SERVER_LOCKS,))]

    def stores(self) -> list[StoreEntry]:
        """Every state directory in which a server has run."""
        rows = self._db.execute("SELECT store, host, machine, state FROM servers.store ORDER BY store")
        return [
            StoreEntry(store=store, host=host, machine=machine, state=state) for store, host, machine, state in rows
        ]

    def hear(self, heard: Callable[[str], object]) -> None:
        """Call this, on the thread that uses the session, with each source that some server asks to be polled."""

        def noticed(notice: psycopg.Notify) -> None:
            heard(notice.payload)

        self._db.add_notify_handler(noticed)
        self._db.execute(f"LISTEN {POLLS_CHANNEL}".encode())

    def ask_poll(self, source: str) -> None:
        """Let every server hear of a source."""
        self._db.execute("SELECT pg_notify(%s, %s)", (POLLS_CHANNEL, source))

    def claim_lost(self, server_id: ServerId) -> int | None:
        """Hold a silent server for dead; its term, or None if it has spoken after all or somebody else was first."""
        row = self._db.execute(schema.CLAIM, (server_id, RETURN_SECONDS)).fetchone()
        return None if row is None else row[0]

    def forget_lost(self, server_id: ServerId) -> None:
        """Let a dead server be known as lost only, unless it has come back."""
        self._db.execute(schema.FORGET_LOST, (server_id,))

    def lost(self) -> list[LostServer]:
        """Those that died within a day and whose directories nobody has taken up."""
        return [
            LostServer(server_id=ServerId(server_id), host=host, state=state, roles=tuple(roles), lost_at=lost_at)
            for server_id, host, state, roles, lost_at in self._db.execute(schema.LOST)
        ]

    def forget(self, server_id: ServerId) -> None:
        """Let a server be known no more that has certainly ended, or is about to."""
        self._db.execute("DELETE FROM servers.server WHERE server_id = %s", (server_id,))

    def close(self) -> None:
        """End the session, and with it every lock."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def _begin(self, *, is_first: bool) -> None:
        entry, db = self._entry, self._db
        milliseconds = int(LEASE_SECONDS * 1000)
        if db.info.server_version >= IDLE_TIMEOUT_VERSION:
            db.execute(f"SET idle_session_timeout = {milliseconds}".encode())
        # an earlier session of this process may hold the lock for a moment yet
        db.execute(f"SET lock_timeout = {milliseconds}".encode())
        if is_first:
            self._register()
        row = db.execute(schema.RETURN, (entry.server_id,)).fetchone()
        if row is None:
            raise HeldForDeadError
        db.execute("SELECT pg_advisory_lock(%s, %s)", (SERVER_LOCKS, row[0]))

    def _register(self) -> None:
        entry, db = self._entry, self._db
        stands = (entry.host, entry.machine, entry.state)
        with db.transaction():
            db.execute("SELECT pg_advisory_xact_lock(hashtext('buildledger'), hashtext('migrate'))")
            db.execute(schema.TABLES)
            peer = (None, None) if entry.peer is None else (entry.peer.address, entry.peer.certificate)
            db.execute(schema.REGISTER, (entry.server_id, entry.term, *stands, entry.store, list(entry.roles), *peer))
            db.execute(schema.KNOWN_STORE, (entry.store, *stands))
            db.execute(schema.TAKEN_UP, (entry.store,))

    def _lock(self, first: int, second: int) -> bool:
        row = self._db.execute("SELECT pg_try_advisory_lock(%s, %s)", (first, second)).fetchone()
        return row is not None and bool(row[0])


def _seen(row: Any) -> SeenServer:
    names = (name for name in row.leads if name in SINGLETON_KEYS)
    known = row.peer_address is not None and row.peer_certificate is not None
    entry = ServerEntry(
        server_id=ServerId(row.server_id),
        host=row.host,
        machine=row.machine,
        state=row.state,
        store=row.store,
        roles=tuple(row.roles),
        term=row.term,
        leads=tuple(Singleton(name) for name in names) if row.held else (),
        alive=not row.lost and (row.held or row.silent <= RETURN_SECONDS),
        peer=PeerAddress(address=row.peer_address, certificate=row.peer_certificate) if known else None,
        serves_since=row.serves_since,
        leads_since=row.leads_since if row.held else None,
    )
    return SeenServer(entry=entry, lost=row.lost, silent_seconds=row.silent, has_session=row.held)
