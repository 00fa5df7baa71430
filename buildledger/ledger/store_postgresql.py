"""The ledger in PostgreSQL, for several server processes side by side.

Appends take turns by an advisory lock that is held to the end of the transaction, so positions become visible in their
order. (A table lock would do as well but collides with autovacuum.)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from eventsourcing.persistence import IntegrityError, StoredEvent
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Composed

from buildledger.ledger import schema_postgresql as schema
from buildledger.ledger.pool import ConnectionPool
from buildledger.ledger.postgresql_connection import (
    ListenWatch,
    PostgresConnection,
    check_format,
    connect,
    migrate,
    translated,
)
from buildledger.ledger.store import (
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
)

APPEND_ATTEMPTS = 4
"""How often an append is tried when its connection breaks, before callers are told that the database is away."""
RETRY_SECONDS = 0.2


class PostgresFactStore(FactStore):
    """One schema, `ledger`, in the database of the URL."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self._url = url
        self._writing = threading.Lock()
        self._writer: PostgresConnection | None = None
        self._writer_process = 0
        self._readers = ConnectionPool(partial(connect, url))
        with translated(), self._readers.connection() as db:
            (check_format if read_only else migrate)(db)

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        commands: Sequence[CommandRecord] = (),
        relied_on: ReliedOn | None = None,
        **_: object,
    ) -> range:
        """As the port says; one round trip, unless something is relied on.

        When the connection breaks nobody knows whether the transaction was committed: the append is repeated, and a
        conflict with what is then found to be itself is success.
        """
        parameters = schema.append_parameters(stored_events, commands)
        count = len(stored_events)
        with self._writing, translated():
            for attempt in range(APPEND_ATTEMPTS):
                try:
                    base = self._append(self._writer or self._connect_writer(), parameters, relied_on)
                    return range(base + 1, base + 1 + count)
                except psycopg.errors.UniqueViolation:
                    own = self._own_base(stored_events, commands) if attempt else None
                    if own is None:
                        raise
                    return range(own + 1, own + 1 + count)
                except psycopg.OperationalError:
                    self._drop_writer()
                    if attempt == APPEND_ATTEMPTS - 1:
                        raise
                    time.sleep(RETRY_SECONDS * attempt)
        raise AssertionError

    def _append(self, db: PostgresConnection, parameters: tuple[list[Any], ...], relied_on: ReliedOn | None) -> int:
        """Append in one transaction; returns the position before.

        Appending takes the turn, so what is asked about the streams relied on holds until the commit.
        """
        with nullcontext() if relied_on is None else db.transaction():
            row = db.execute(schema.APPEND, parameters, prepare=True, binary=True).fetchone()
            assert row is not None
            base = int(row[0])
            if relied_on is not None and base > relied_on.position:
                found = db.execute(
                    "SELECT 1 FROM ledger.fact WHERE position > %s AND position <= %s AND stream_id = ANY(%s) LIMIT 1",
                    (relied_on.position, base, list(relied_on.streams)),
                )
                if found.fetchone() is not None:
                    raise IntegrityError(RELIED_ON_MOVED)
            return base

    def _own_base(self, facts: Sequence[StoredEvent], commands: Sequence[CommandRecord]) -> int | None:
        """The position before `facts` if exactly they are stored already, one after the other."""
        if not facts:
            known = self.known_commands({record.command_id for record in commands})
            same = all(r.command_id in known and known[r.command_id].digest == r.digest for r in commands)
            return known[commands[0].command_id].position if same else None
        rows = self._query(
            "SELECT position FROM ledger.fact WHERE stream_id = %s AND version = %s",
            (facts[0].originator_id, facts[0].originator_version),
        )
        if not rows:
            return None
        base = int(rows[0][0]) - 1
        found = self.select_facts(FactQuery(after=base), len(facts))
        same = [fact[1:] for fact in found] == [_content(fact) for fact in facts]
        return base if same else None

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
        rows = self._query(
            "SELECT stream_id, version, name, body FROM ledger.fact WHERE stream_id = %s AND version > %s"
            " AND version <= %s ORDER BY CASE WHEN %s THEN -version ELSE version END LIMIT %s",
            (originator_id, gt or 0, MAX_POSITION if lte is None else lte, desc, limit),
        )
        return [StoredEvent(*row) for row in rows]

    def select_streams(self, stream_ids: Collection[UUID]) -> Sequence[StoredEvent]:
        """As the port says; one query."""
        rows = self._query(
            "SELECT stream_id, version, name, body FROM ledger.fact WHERE stream_id = ANY(%s)"
            " ORDER BY stream_id, version",
            (list(stream_ids),),
        )
        return [StoredEvent(*row) for row in rows]

    def select_facts(self, query: FactQuery, limit: int) -> Sequence[StoredFact]:
        """As the port says; one query."""
        last = MAX_POSITION if query.last is None else query.last
        statement: LiteralString | Composed
        parameters: list[Any]
        if query.stream_id is not None:
            names = list(query.names)
            statement = schema.SELECT_OF_STREAM
            parameters = [query.stream_id, query.after, last, names or None, names, query.descending]
        elif query.names:
            names = sorted(set(query.names))
            each = SQL(" UNION ALL ").join([SQL(schema.SELECT_BY_NAME[query.descending])] * len(names))
            statement = SQL(schema.MERGE[query.descending]).format(each)
            parameters = [value for name in names for value in (name, query.after, last, limit)]
        else:
            statement = schema.SELECT_IN_ORDER[query.descending]
            parameters = [query.after, last]
        return [StoredFact(*row) for row in self._query(statement, [*parameters, limit])]

    def head(self) -> int:
        """As the port says; one index look-up."""
        return self._query("SELECT max(position) FROM ledger.fact")[0][0] or 0

    def known_commands(self, command_ids: Collection[UUID]) -> dict[UUID, KnownCommand]:
        """As the port says; one query."""
        if not command_ids:
            return {}
        rows = self._query(
            "SELECT command_id, digest, position, fact_count FROM ledger.command WHERE command_id = ANY(%s)",
            (list(command_ids),),
        )
        return {row[0]: KnownCommand(*row[1:]) for row in rows}

    def commands(self, first: int, end: int) -> Sequence[tuple[UUID, KnownCommand]]:
        """As the port says; reads all of them, which are few: only clients name their commands."""
        rows = self._query(
            "SELECT command_id, digest, position, fact_count FROM ledger.command WHERE position >= %s AND position < %s"
            " ORDER BY position, command_id",
            (first, end),
        )
        return [(row[0], KnownCommand(*row[1:])) for row in rows]

    def moved_since(self, position: int) -> tuple[int, Collection[UUID] | None]:
        """As the port says; one query."""
        rows = self._query(
            "SELECT position, stream_id FROM ledger.fact WHERE position > %s ORDER BY position LIMIT %s",
            (position, MAX_MOVED_STREAMS),
        )
        if len(rows) == MAX_MOVED_STREAMS:
            return self.head(), None
        return (rows[-1][0], {row[1] for row in rows}) if rows else (position, ())

    def count(self) -> tuple[int, int]:
        """As the port says."""
        count, head = self._query("SELECT count(*), max(position) FROM ledger.fact")[0]
        return count, head or 0

    def chain(self, after: int, limit: int) -> Sequence[ChainLink]:
        """As the port says."""
        rows = self._query(
            "SELECT last_position, previous, head FROM ledger.chain WHERE last_position > %s"
            " ORDER BY last_position LIMIT %s",
            (after, limit),
        )
        return [ChainLink(*row) for row in rows]

    def first_out_of_order(self) -> int | None:
        """As the port says."""
        rows = self._query(
            "SELECT min(position) FROM (SELECT position, version, row_number() OVER"
            " (PARTITION BY stream_id ORDER BY position) AS n FROM ledger.fact) numbered WHERE version != n"
        )
        position: int | None = rows[0][0]
        return position

    def checkpoint(self, name: str) -> Checkpoint | None:
        """As the port says."""
        rows = self._query("SELECT version, position, state FROM ledger.checkpoint WHERE name = %s", (name,))
        return Checkpoint(*rows[0]) if rows else None

    def checkpoints(self) -> Sequence[str]:
        """As the port says."""
        return [row[0] for row in self._query("SELECT name FROM ledger.checkpoint ORDER BY name")]

    def save_checkpoint(self, name: str, checkpoint: Checkpoint) -> None:
        """As the port says."""
        self._query(
            "INSERT INTO ledger.checkpoint AS c VALUES (%s, %s, %s, %s) ON CONFLICT (name) DO UPDATE SET"
            " version = excluded.version, position = excluded.position, state = excluded.state"
            " WHERE excluded.version != c.version OR excluded.position >= c.position RETURNING 1",
            (name, *checkpoint),
        )

    def watch(self) -> Watch:
        """Listens on the channel that every append notifies."""
        with translated():
            return ListenWatch(self._url, self._is_writer)

    def close(self) -> None:
        """Close every connection that isn't in use."""
        with self._writing:
            self._drop_writer()
        self._readers.close()

    def _is_writer(self, process: int) -> bool:
        return process == self._writer_process

    def _connect_writer(self) -> PostgresConnection:
        self._writer = connect(self._url)
        self._writer_process = self._writer.info.backend_pid
        return self._writer

    def _drop_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = None

    def _query(self, statement: LiteralString | Composed, parameters: Sequence[Any] = ()) -> list[TupleRow]:
        """Run a statement that does no harm when it is run twice."""
        with translated():
            try:
                return self._query_once(statement, parameters)
            except psycopg.OperationalError:
                # idle connections don't notice that the server went away
                self._readers.discard()
                return self._query_once(statement, parameters)

    def _query_once(self, statement: LiteralString | Composed, parameters: Sequence[Any]) -> list[TupleRow]:
        with self._readers.connection() as db:
            return db.execute(statement, parameters, prepare=True, binary=True).fetchall()


def _content(fact: StoredEvent) -> tuple[UUID | str, int, str, bytes]:
    return fact.originator_id, fact.originator_version, fact.topic, fact.state
