"""The position of a reader, which turns facts into rows exactly once, however many run and whenever they are killed."""

from __future__ import annotations

import sqlalchemy as sa

from buildledger.ledger.database import insert


class PositionConflict(Exception):  # noqa: N818 - nothing is wrong: somebody else did the work
    """The reader isn't where it was thought to be; what was written with the move has to be rolled back."""

    def __init__(self, reader: str, expected: int) -> None:
        super().__init__(f"reader {reader} is no longer at position {expected}")


class ReaderPosition:
    """Up to which position of the ledger a reader's rows say everything; kept beside the rows, moved with them.

    Statements are made once: one of them runs with every batch.
    """

    def __init__(self, metadata: sa.MetaData, reader: str) -> None:
        """Adds the table `reader_position` to the tables of the reader's own database."""
        self.reader = reader
        self._table = sa.Table(
            "reader_position",
            metadata,
            sa.Column("reader", sa.Text, primary_key=True),
            sa.Column("position", sa.BigInteger, nullable=False),
        )
        its_own = self._table.c.reader == reader
        self._read = sa.select(self._table.c.position).where(its_own)
        self._move = (
            sa.update(self._table)
            .where(its_own, self._table.c.position == sa.bindparam("expected"))
            .values(position=sa.bindparam("to"))
            .returning(self._table.c.position)
        )

    def create(self, connection: sa.Connection) -> None:
        """Stand at 0, before the first fact, unless it was created before; the table has to be there."""
        first = insert(connection, self._table).values(reader=self.reader, position=0)
        connection.execute(first.on_conflict_do_nothing())

    def read(self, connection: sa.Connection) -> int:
        """Where the reader stands; 0 before it was created."""
        return connection.scalar(self._read) or 0

    def move(self, connection: sa.Connection, expected: int, to: int) -> None:
        """Compare and set, in the caller's transaction; do it before writing rows, so that a rival waits or gives up.

        Raises:
            PositionConflict: It doesn't stand at `expected`; the caller's transaction has to be rolled back.
        """
        # the returned row, not the row count, which drivers don't agree on
        if connection.execute(self._move, {"expected": expected, "to": to}).first() is None:
            raise PositionConflict(self.reader, expected)
