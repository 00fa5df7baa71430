"""Rows in memory while a batch is folded: read in bulk before it, written in bulk after it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa

Row = dict[str, Any]
LOAD_CHUNK = 500
"""Keys asked for in one query."""


class VersionedRows:
    """The present rows of one system-versioned table, as far as they are wanted.

    A row changed at a position ends its former version there and begins another; several changes by one fact make one
    version. What begins and ends within the batch is written once, ended already.
    """

    def __init__(self, table: sa.Table, *key: str) -> None:
        self._table = table
        self._key = key
        self._blank: Row = {column.name: None for column in table.columns}
        self._present: dict[Hashable, Row] = {}
        self._fresh: set[Hashable] = set()
        self._begun: list[Row] = []
        self._ended: list[Row] = []
        self._settled: set[Hashable] = set()
        self._insert = table.insert()
        self._end = (
            table.update()
            .where(*(table.c[name] == sa.bindparam(f"key_{name}") for name in (*key, "since")))
            .values(until=sa.bindparam("ended_at"))
        )

    def __contains__(self, key: Hashable) -> bool:
        return key in self._present

    def get(self, key: Hashable) -> Row | None:
        """The present row, if it was loaded or made."""
        return self._present.get(key)

    def __getitem__(self, key: Hashable) -> Row:
        return self._present[key]

    def values(self) -> Iterable[Row]:
        """All rows in memory."""
        return self._present.values()

    def put(self, position: int, key: Hashable, values: Row) -> None:
        """Let these columns hold from `position` on, and whatever else the row had; make the row if it isn't there."""
        row = self._present.get(key)
        if row is not None and row["since"] == position:
            row.update(values)
            return
        fresh = {**self._blank, **values} if row is None else {**row, **values}
        fresh["since"] = position
        if row is not None:
            self._close(position, key, row)
        self._present[key] = fresh
        self._begun.append(fresh)
        self._fresh.add(key)

    def remove(self, position: int, key: Hashable) -> None:
        """End the row without another version; nothing happens if it isn't there."""
        row = self._present.pop(key, None)
        if row is not None:
            self._close(position, key, row)
            self._fresh.discard(key)

    def settle(self, key: Hashable) -> None:
        """Forget the row once it is written: nothing will change it any more."""
        self._settled.add(key)

    def settle_all(self) -> None:
        """Forget all rows once they are written: who needs one again loads it."""
        self._settled.update(self._present)

    def load(
        self, connection: sa.Connection, column: str, values: Collection[Any], *where: sa.ColumnElement[bool]
    ) -> list[Row]:
        """Read the present rows with one of these values; those in memory stay as they are."""
        present, among = self._table.c.until.is_(None), self._table.c[column].in_
        return [
            row
            for chunk in chunks(values)
            for row in self._admit(connection, self._table.select().where(among(chunk), present, *where))
        ]

    def load_all(self, connection: sa.Connection) -> None:
        """Read every present row."""
        self._admit(connection, self._table.select().where(self._table.c.until.is_(None)))

    def flush(self, connection: sa.Connection) -> None:
        """Write what was begun and ended."""
        if self._ended:
            connection.execute(self._end, self._ended)
        if self._begun:
            connection.execute(self._insert, self._begun)
        self._ended, self._begun = [], []
        self._fresh.clear()
        for key in self._settled:
            self._present.pop(key, None)
        self._settled.clear()

    def _admit(self, connection: sa.Connection, statement: sa.Select[Any]) -> list[Row]:
        key = _key_reader(self._key)
        rows = [dict(mapping) for mapping in connection.execute(statement).mappings()]
        for row in rows:
            self._present.setdefault(key(row), row)
        return rows

    def _close(self, position: int, key: Hashable, row: Row) -> None:
        if key in self._fresh:
            row["until"] = position
        else:
            ended = {f"key_{name}": row[name] for name in self._key}
            ended["key_since"] = row["since"]
            ended["ended_at"] = position
            self._ended.append(ended)


class AppendBuffer:
    """New rows of a table whose rows never change, kept in memory and written together."""

    def __init__(self, table: sa.Table) -> None:
        self._insert = table.insert()
        self._rows: list[Row] = []

    def add(self, row: Row) -> None:
        """Write this row with the batch; every column has to be given."""
        self._rows.append(row)

    def flush(self, connection: sa.Connection) -> None:
        """Insert the rows that were added since the last flush."""
        if self._rows:
            connection.execute(self._insert, self._rows)
            self._rows = []


def chunks(values: Collection[Any]) -> Iterator[Sequence[Any]]:
    """`values` in pieces that fit a query."""
    iterator = iter(values)
    while chunk := list(islice(iterator, LOAD_CHUNK)):
        yield chunk


def _key_reader(names: Sequence[str]) -> Callable[[Row], Hashable]:
    if len(names) == 1:
        (name,) = names
        return lambda row: row[name]
    return lambda row: tuple(row[name] for name in names)
