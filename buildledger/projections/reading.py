"""Reading rows: at present, or as of any position; of one view, or of several at one and the same position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import sqlalchemy as sa

from buildledger.projections.view import Snapshot, View


class PositionAhead(Exception):  # noqa: N818 - the views aren't wrong, only not there yet
    """Somebody asks for a position that the views haven't reached."""

    def __init__(self, asked: int, reached: int) -> None:
        super().__init__(f"position {asked} isn't in the read models yet: they have reached {reached}")
        self.asked, self.reached = asked, reached


_AS_OF = sa.bindparam("as_of_position", type_=sa.BigInteger)


class Reading:
    """The rows of one view as they were at `position`. Use within the `with` that gave it, in one thread.

    Ask only tables that `table` gives: these have the rows of that position and no others.
    """

    def __init__(self, snapshot: Snapshot, position: int) -> None:
        self._connection = snapshot.connection
        self.present = snapshot.position == position
        """The position is the last that the view has reached."""
        self.position = position
        self.changed = min(snapshot.written, position)
        """No later position up to `position` has other rows: equal values mean equal rows."""
        self._parameters = {} if self.present else {_AS_OF.key: position}

    def table(self, table: sa.Table) -> sa.FromClause:
        """The rows of a table of the view as they were at `position`, under the table's own name and columns."""
        return _at_present(table) if self.present else _as_of(table)

    def sort_column(self, fixed: sa.ColumnElement[int], state: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
        """By which of two equal columns a join is to be sorted, so that an index gives the order.

        At present the index over the state's present rows is in the order of `state` and has nothing else in it; in the
        past the rows of the state are many for each of the table of what is `fixed`.
        """
        return state if self.present else fixed

    def all(self, statement: sa.Select[*tuple[Any, ...]]) -> Sequence[sa.Row[Any]]:
        """Every row that a query finds."""
        return self._connection.execute(statement, self._parameters).all()

    def first(self, statement: sa.Select[*tuple[Any, ...]]) -> sa.Row[Any] | None:
        """The first row that a query finds."""
        return self._connection.execute(statement.limit(1), self._parameters).first()

    def count(self, statement: sa.Select[*tuple[Any, ...]]) -> int:
        """How many rows a query finds."""
        counted = sa.select(sa.func.count()).select_from(statement.subquery())
        return self._connection.scalar(counted, self._parameters) or 0


@contextmanager
def read(as_of: int | None, *views: View) -> Iterator[tuple[Reading, ...]]:
    """Readings of all these views at one position: `as_of`, or the last that all of them have reached.

    Raises:
        PositionAhead: a view hasn't reached `as_of`.
    """
    with ExitStack() as stack:
        # always in the same order: there are so many connections to each view, and two reads would else wait for ever
        # for the connections that the other holds
        ordered = sorted({id(view): view for view in views}.values(), key=lambda view: view.projection.NAME)
        opened = {id(view): stack.enter_context(view.snapshot()) for view in ordered}
        snapshots = [opened[id(view)] for view in views]
        reached = min(snapshot.position for snapshot in snapshots)
        if as_of is not None and as_of > reached:
            raise PositionAhead(as_of, reached)
        position = reached if as_of is None else as_of
        yield tuple(Reading(snapshot, position) for snapshot in snapshots)


@cache
def _at_present(table: sa.Table) -> sa.FromClause:
    """Made once for each table, so that no request pays for it."""
    if "until" not in table.c:
        return table.alias(table.name)
    return sa.select(table).where(table.c.until.is_(None)).subquery(table.name)


@cache
def _as_of(table: sa.Table) -> sa.FromClause:
    if "until" in table.c:
        ended_later = sa.or_(table.c.until.is_(None), table.c.until > _AS_OF)
        held = sa.and_(table.c.since <= _AS_OF, ended_later)
    else:
        # a row that never changes is there from the position on that is the first part of its key
        held = next(iter(table.primary_key)) <= _AS_OF
    return sa.select(table).where(held).subquery(table.name)
