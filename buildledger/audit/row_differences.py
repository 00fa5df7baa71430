"""Compares the rows of one table as they are stored with those that the facts make, as of one position."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa

from buildledger.projections.stored_rows import Group, RawRow, RowsAside, StoredRows, key_columns


class Difference(NamedTuple):
    """A row that isn't what it should be."""

    position: int
    """The first at which something else is stored than the facts say."""
    stored: RawRow | None
    """None: it is missing."""
    made: RawRow | None
    """None: it shouldn't be there."""
    beyond: bool = False
    """It begins where the read model says that it hasn't come to."""

    @property
    def row(self) -> RawRow:
        """What is there to name it by."""
        row = self.made if self.made is not None else self.stored
        assert row is not None
        return row


def differences(made: RowsAside, stored: StoredRows, table: sa.Table, at: int) -> Iterator[Difference | None]:
    """Every row that differs, and None for every one that doesn't.

    `at`: as of which position; not beyond what either of the two has reached.
    """
    names = key_columns(table)
    for position, made_rows, stored_rows in _paired(made.groups(table, at), stored.groups(table)):
        if not isinstance(position, int):
            yield from (Difference(1, row, None) for row in stored_rows)
            continue
        if position > at:
            if position > stored.position:
                yield from (Difference(position, row, None, beyond=True) for row in stored_rows)
            continue
        expected = {_key(row, names): _as_of(row, at) for row in made_rows}
        for row in stored_rows:
            # whatever is written after `at` is no difference, unless nothing can have been written there
            comparable = _as_of(row, at, stored.position)
            other = expected.pop(_key(row, names), None)
            same = other is not None and _equal(other, comparable)
            yield None if same else Difference(_first(position, comparable, other), comparable, other)
        yield from (Difference(position, None, row) for row in expected.values())


def _paired(made: Iterator[Group], stored: Iterator[Group]) -> Iterator[tuple[Any, list[RawRow], list[RawRow]]]:
    """Groups of both that begin at the same position; what is no position comes by itself."""
    ours = next(made, None)
    for position, rows in stored:
        if not isinstance(position, int):
            yield position, [], rows
            continue
        while ours is not None and ours[0] < position:
            yield ours[0], ours[1], []
            ours = next(made, None)
        if ours is not None and ours[0] == position:
            yield position, ours[1], rows
            ours = next(made, None)
        else:
            yield position, [], rows
    while ours is not None:
        yield ours[0], ours[1], []
        ours = next(made, None)


def _as_of(row: RawRow, at: int, reached: int | None = None) -> RawRow:
    """The row as it was at a position: what ended later hadn't ended. Beyond `reached` nothing can have ended."""
    until = row.get("until")
    if isinstance(until, int) and until > at and (reached is None or until <= reached):
        return {**row, "until": None}
    return row


def _equal(made: RawRow, stored: RawRow) -> bool:
    # 1 and 1.0 and true are equal, and aren't the same
    return made == stored and all(type(made[name]) is type(stored[name]) for name in made)


def _first(position: int, stored: RawRow, made: RawRow | None) -> int:
    """The first position at which the two differ."""
    if made is None or any(made[name] != stored[name] for name in made if name != "until"):
        return position
    ends = [row["until"] for row in (stored, made) if isinstance(row.get("until"), int)]
    return max(position, min(ends, default=position))


def _key(row: RawRow, names: object) -> tuple[Any, ...]:
    assert isinstance(names, list | tuple)
    return tuple(row[name] for name in names)
