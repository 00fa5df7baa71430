"""Readers: whoever turns facts into rows, exactly once, however many run at once and whenever they are killed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import sqlalchemy as sa

from buildledger.events.fact import Recorded
from buildledger.ledger.database import insert
from buildledger.ledger.follow import Tail


class Overtaken(Exception):  # noqa: N818 - nothing is wrong: somebody else did the work
    """The reader isn't where it was thought to be; what was written with the move has to be rolled back."""

    def __init__(self, reader: str, expected: int) -> None:
        super().__init__(f"reader {reader} is no longer at position {expected}")


class Reader(Protocol):
    """Something that follows the ledger and keeps what it finds in a database of its own."""

    def position(self) -> int:
        """Where it stands: everything up to here is in its rows; 0 at the beginning."""
        ...

    def apply(self, expected: int, facts: Sequence[Recorded]) -> None:
        """Write what the facts mean and move from `expected` to the last of them, in one transaction.

        Raises: Overtaken if it doesn't stand at `expected`; nothing is written then.
        """
        ...


def run_reader(reader: Reader, tail: Tail) -> None:
    """Feed the reader in this thread until the tail is closed; several may run for one reader, and one does the work.

    Raises whatever the reader raises: it never skips a fact.
    """
    while True:
        position = reader.position()
        try:
            for facts in tail.after_blocking(position):
                reader.apply(position, facts)
                position = facts[-1].position
        except Overtaken:
            continue
        return


def position_table(metadata: sa.MetaData) -> sa.Table:
    """A table `reader_position` in a reader's own database."""
    return sa.Table(
        "reader_position",
        metadata,
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
    )


def position_of(connection: sa.Connection, table: sa.Table, reader: str) -> int:
    """Where the reader stands; 0 before its first move."""
    found = connection.scalar(sa.select(table.c.position).where(table.c.reader == reader))
    return 0 if found is None else int(found)


def move_position(connection: sa.Connection, table: sa.Table, reader: str, expected: int, to: int) -> None:
    """Compare and set, inside the caller's transaction; do it before writing rows, so that a rival waits or gives up.

    Raises: Overtaken; the caller's transaction then has to be rolled back.
    """
    statement: sa.Executable
    if expected == 0:
        statement = (
            insert(connection, table)
            .values(reader=reader, position=to)
            .on_conflict_do_update(index_elements=["reader"], set_={"position": to}, where=table.c.position == 0)
            .returning(table.c.position)
        )
    else:
        statement = (
            sa.update(table)
            .where(table.c.reader == reader, table.c.position == expected)
            .values(position=to)
            .returning(table.c.position)
        )
    # the returned row, not the row count, which drivers don't agree on
    if connection.execute(statement).first() is None:
        raise Overtaken(reader, expected)
