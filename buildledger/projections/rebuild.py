"""Building a view anew from the first fact, beside the one in use, and putting it in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from buildledger.ledger.ledger import Ledger
from buildledger.projections.projection import Projection
from buildledger.projections.storage import ViewStorage
from buildledger.projections.view import View

BATCH_FACTS = 5_000


def rebuild(
    ledger: Ledger,
    storage: ViewStorage,
    projection: Projection,
    *,
    progress: Callable[[int, int], None] = lambda position, head: None,
) -> View:
    """Build the projection's next generation up to the ledger's head, then let it be the one in use.

    A server that runs meanwhile goes on with the former one and changes over by itself; the former is deleted at the
    next start. If anything fails, the next generation is deleted and the former stays. `progress` is told the position
    and the head. The view is open when it is returned.
    """
    generation = max((storage.current(projection), *storage.generations(projection))) + 1
    view = storage.open(projection, generation)
    try:
        while (position := view.position()) < (head := ledger.head()):
            progress(position, head)
            view.apply(position, ledger.read(position, BATCH_FACTS))
        view.save_position()
        storage.use(projection, generation)
    except BaseException:
        view.close()
        storage.drop(projection, generation)
        raise
    progress(view.position(), head)
    return view


def rows_of(view: View) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Every row of every table, past versions too, in an order that depends on nothing but the rows."""
    with view.snapshot() as snapshot:
        for table in view.projection.METADATA.sorted_tables:
            unique = [
                index for index in table.indexes if index.unique and index.dialect_options["sqlite"]["where"] is None
            ]
            order = list(table.primary_key.columns) or list(unique[0].columns)
            for row in snapshot.connection.execute(sa.select(table).order_by(*order)):
                yield table.name, tuple(row)


def first_difference(one: View, other: View) -> str | None:
    """Where two views of one projection differ, in words; None when they are equal, row for row."""
    ours, theirs = rows_of(one), rows_of(other)
    while True:
        left, right = next(ours, None), next(theirs, None)
        if left != right:
            return f"{left} is not {right}"
        if left is None:
            return None
