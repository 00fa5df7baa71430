"""Comparing two views of one projection, row for row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from buildledger.projections.view import View


def first_difference(one: View, other: View) -> str | None:
    """Where two views of one projection differ, in words; None when they are equal, row for row."""
    ours, theirs = rows_of(one), rows_of(other)
    while True:
        left, right = next(ours, None), next(theirs, None)
        if left != right:
            return f"{left} is not {right}"
        if left is None:
            return None


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
