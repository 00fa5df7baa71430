"""One generation of one projection: its tables in a database of its own, written by one fold and read by many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from buildledger.events.fact import Recorded
from buildledger.ledger.reader import Overtaken, move_position, position_of, position_table
from buildledger.projections.columns import SCHEMA
from buildledger.projections.projection import Fold, Projection

_positions = sa.MetaData(schema=SCHEMA)
_position = position_table(_positions)


class View:
    """A `Reader` of the ledger. `apply` belongs to one thread; reading to any."""

    def __init__(self, projection: Projection, generation: int, writer: sa.Engine, reader: sa.Engine) -> None:
        self.projection = projection
        self.generation = generation
        self._writer = writer
        self._reader = reader
        self._fold: Fold | None = None
        with writer.begin() as connection:
            projection.METADATA.create_all(connection)
            _positions.create_all(connection)
            self._stored = position_of(connection, _position, projection.NAME)
        self._reached = self._stored

    def position(self) -> int:
        """Every fact up to here that means something to the projection is in its rows, as far as this process knows."""
        return self._reached

    def apply(self, expected: int, facts: Sequence[Recorded]) -> None:
        """See `Reader`. Facts that mean nothing to the projection move its position in memory only, without a write.

        Raises: Overtaken if another process has moved the view, whatever the projection raises; then nothing is
        written, and `recover` has to be called before the next attempt.
        """
        if expected != self._reached:
            raise Overtaken(self.projection.NAME, expected)
        wanted = self.projection.FACTS
        relevant = [recorded for recorded in facts if type(recorded.fact) in wanted]
        if relevant:
            self._write(relevant)
        self._reached = facts[-1].position

    def save_position(self) -> None:
        """Write the position that `apply` has kept in memory, so that a later start needn't look there again.

        Raises: Overtaken.
        """
        if self._reached > self._stored:
            with self._writer.begin() as connection:
                move_position(connection, _position, self.projection.NAME, self._stored, self._reached)
            self._stored = self._reached

    def recover(self) -> None:
        """Forget all that isn't written and stand where the database says."""
        self._fold = None
        with self._writer.begin() as connection:
            self._stored = position_of(connection, _position, self.projection.NAME)
        self._reached = self._stored

    @contextmanager
    def snapshot(self) -> Iterator[tuple[sa.Connection, int]]:
        """One consistent state of the rows, and the position up to which they say everything."""
        reached = self._reached
        with self._reader.connect() as connection, connection.begin():
            yield connection, max(reached, position_of(connection, _position, self.projection.NAME))

    def close(self) -> None:
        """Give its connections back."""
        self._reader.dispose()
        self._writer.dispose()

    def _write(self, relevant: Sequence[Recorded]) -> None:
        if self._fold is None:
            self._fold = self.projection.fold()
        last = relevant[-1].position
        with self._writer.begin() as connection:
            move_position(connection, _position, self.projection.NAME, self._stored, last)
            self._fold.apply(connection, relevant)
        self._stored = last
