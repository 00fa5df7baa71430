"""Reading rows: at present, or as of any position; of one view, or of several at one and the same position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import sqlalchemy as sa

from buildledger.projections.view import Snapshot, View


class PositionAhead(Exception):  # noqa: N818 - the views aren't wrong, only not there yet
    """Somebody asks for a position that the views haven't reached."""

    def __init__(self, asked: int, reached: int) -> None:
        super().__init__(f"position {asked} isn't in the read models yet: they have reached {reached}")
        self.asked, self.reached = asked, reached


class Reading:
    """The rows of one view as they were at `position`. Use within the `with` that gave it, in one thread."""

    def __init__(self, snapshot: Snapshot, position: int) -> None:
        self._connection = snapshot.connection
        self.present = snapshot.position == position
        """The position is the last that the view has reached."""
        self.position = position
        self.changed = min(snapshot.written, position)
        """No later position up to `position` has other rows: equal values mean equal rows."""

    def is_current(self, table: sa.Table | sa.Alias) -> sa.ColumnElement[bool]:
        """The condition that a versioned row held then."""
        if self.present:
            return table.c.until.is_(None)
        ended = sa.or_(table.c.until.is_(None), table.c.until > self.position)
        return sa.and_(table.c.since <= self.position, ended)

    def existed(self, sequence: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        """The condition that an append-only row was there then."""
        return sa.true() if self.present else sequence <= self.position

    def sort_column(self, fixed: sa.ColumnElement[int], state: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
        """By which of two equal columns a join is to be sorted, so that an index gives the order.

        At present the index over the state's present rows is in the order of `state` and has nothing else in it; in the
        past the rows of the state are many for each of the table of what is `fixed`.
        """
        return state if self.present else fixed

    def all(self, statement: sa.Select[*tuple[Any, ...]]) -> Sequence[sa.Row[Any]]:
        """Every row that a query finds."""
        return self._connection.execute(statement).all()

    def first(self, statement: sa.Select[*tuple[Any, ...]]) -> sa.Row[Any] | None:
        """The first row that a query finds."""
        return self._connection.execute(statement.limit(1)).first()

    def count(self, statement: sa.Select[*tuple[Any, ...]]) -> int:
        """How many rows a query finds."""
        return self._connection.scalar(sa.select(sa.func.count()).select_from(statement.subquery())) or 0


@contextmanager
def read(as_of: int | None, *views: View) -> Iterator[tuple[Reading, ...]]:
    """Readings of all these views at one position: `as_of`, or the last that all of them have reached.

    Raises: PositionAhead.
    """
    with ExitStack() as stack:
        snapshots = [stack.enter_context(view.snapshot()) for view in views]
        reached = min(snapshot.position for snapshot in snapshots)
        if as_of is not None and as_of > reached:
            raise PositionAhead(as_of, reached)
        position = reached if as_of is None else as_of
        yield tuple(Reading(snapshot, position) for snapshot in snapshots)
