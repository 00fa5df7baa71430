"""One generation of one projection: its tables in a database of its own, written by one writer and read by many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import sqlalchemy as sa

from buildledger.events.fact import Recorded
from buildledger.ledger.database import close_engine
from buildledger.ledger.reader import PositionConflict, ReaderPosition
from buildledger.projections.columns import SCHEMA
from buildledger.projections.origin import Origin, StoredOrigin
from buildledger.projections.projection import Projection, ProjectionWriter


class Snapshot(NamedTuple):
    """A transaction that sees one state of a view."""

    connection: sa.Connection
    position: int
    """The rows say everything up to here."""
    written: int
    """The rows haven't changed since here."""


class View:
    """Rows that follow the ledger. `apply` belongs to one thread; reading to any."""

    def __init__(
        self, projection: Projection, generation: int, writer: sa.Engine, reader: sa.Engine, *, shared: bool = False
    ) -> None:
        """`shared`: other processes read it, so it has to be written how far it has come even where nothing changed."""
        self.projection = projection
        self.generation = generation
        self._shared = shared
        self._writer = writer
        self._reader = reader
        self._row_writer: ProjectionWriter | None = None
        self._writing: sa.Connection | None = None
        with writer.begin() as connection:
            projection.METADATA.create_all(connection)
            positions = sa.MetaData(schema=SCHEMA)
            self._position = ReaderPosition(positions, projection.NAME)
            self._origin = StoredOrigin(positions)
            positions.create_all(connection)
            self._position.create(connection)
            self._stored = self._position.read(connection)
        self._reached = self._stored

    def position(self) -> int:
        """Every fact up to here that means something to the projection is in its rows, as far as this process knows."""
        return self._reached

    def apply(self, expected: int, facts: Sequence[Recorded]) -> None:
        """Write what the facts mean and move from `expected` to the last of them, in one transaction.

        Facts that mean nothing to the projection move its position in memory only, without a write.

        After any exception, also one of the projection's own, nothing is written and `recover` has to be called before
        the next attempt.

        Raises:
            PositionConflict: Another process has moved the view.
        """
        if expected != self._reached:
            raise PositionConflict(self.projection.NAME, expected)
        wanted = self.projection.FACTS
        relevant = [recorded for recorded in facts if type(recorded.fact) in wanted]
        last = facts[-1].position
        if relevant or self._shared:
            self._write(relevant, last if self._shared else relevant[-1].position)
        self._reached = last

    def pass_over(self, position: int) -> None:
        """Move beyond a fact that was set aside, and write that.

        Raises:
            PositionConflict
        """
        with self._transaction() as connection:
            self._position.move(connection, self._stored, position)
        self._stored = self._reached = position

    def save_position(self) -> None:
        """Write the position that `apply` has kept in memory, so that a later start needn't look there again.

        Raises:
            PositionConflict
        """
        if self._reached > self._stored:
            with self._transaction() as connection:
                self._position.move(connection, self._stored, self._reached)
            self._stored = self._reached

    def recover(self) -> None:
        """Forget all that isn't written and stand where the database says."""
        self._row_writer = None
        self._let_go()
        with self._transaction() as connection:
            self._stored = self._position.read(connection)
        self._reached = self._stored

    def stored_position(self) -> int:
        """How far it has come as its database says, whichever process feeds it."""
        with self._reader.connect() as connection:
            return self._position.read(connection)

    def origin(self) -> Origin | None:
        """The fact by which the ledger that it is made of can be told from others; None if none was saved."""
        with self._reader.connect() as connection:
            return self._origin.read(connection)

    def save_origin(self, origin: Origin) -> None:
        """Keep that in its database."""
        with self._transaction() as connection:
            self._origin.save(connection, origin)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """A read transaction that sees one consistent state of the rows."""
        reached = self._reached
        with self._reader.connect() as connection, connection.begin():
            written = self._position.read(connection)
            yield Snapshot(connection, max(reached, written), written)

    def close(self) -> None:
        """Give its connections back."""
        self._let_go()
        self._reader.dispose()
        close_engine(self._writer)

    def _write(self, relevant: Sequence[Recorded], last: int) -> None:
        if self._row_writer is None:
            self._row_writer = self.projection.writer()
        with self._transaction() as connection:
            self._position.move(connection, self._stored, last)
            if relevant:
                self._row_writer.apply(connection, relevant)
        self._stored = last

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        if self._writing is None:
            self._writing = self._writer.connect()
        with self._writing.begin():
            yield self._writing

    def _let_go(self) -> None:
        if self._writing is not None:
            self._writing.invalidate()
            self._writing.close()
            self._writing = None
