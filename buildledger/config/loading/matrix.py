"""Matrices: cells from axes, and the names of builders that stand for several."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from buildledger.config import limits
from buildledger.config.expressions.cel import ValueType
from buildledger.config.models import builder_models as models
from buildledger.config.problems.problem import Path, did_you_mean, listed
from buildledger.config.reading.document import Document

Cell = Mapping[str, str | int | bool]


def cell_name(builder: str, cell: Cell) -> str:
    """`tests[3.12,linux]`; the builder's own name without a matrix."""
    return f"{builder}[{','.join(map(spelled, cell.values()))}]" if cell else builder


def spelled(value: str | int | bool) -> str:
    """A value of an axis as it stands in a builder's name."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def types(matrix: models.Matrix | None) -> dict[str, ValueType]:
    """The type of each axis, for expressions."""
    return {axis: _type(values) for axis, values in matrix.axes.items()} if matrix else {}


def _type(values: Sequence[Any]) -> ValueType:
    kinds = {type(value) for value in values}
    known = {str: ValueType.STRING, int: ValueType.INTEGER, bool: ValueType.BOOLEAN}
    return known[kinds.pop()] if len(kinds) == 1 else ValueType.ANY


def cells(document: Document, path: Path, matrix: models.Matrix | None) -> list[Cell]:
    """All cells that aren't excluded, in the order of the axes; without a matrix one that is empty."""
    if matrix is None:
        return [{}]
    count = math.prod(map(len, matrix.axes.values()))
    if count > limits.MATRIX_CELLS:
        document.add("limit-matrix", path, f"this matrix has {count} cells, at most {limits.MATRIX_CELLS} are allowed")
        return []
    if not _check(document, path, matrix):
        return []
    everything: list[Cell] = [
        dict(zip(matrix.axes, values, strict=True)) for values in itertools.product(*matrix.axes.values())
    ]
    excluded = [{axis: spelled(value) for axis, value in entry.items()} for entry in matrix.exclude]
    kept = [cell for cell in everything if not any(_fits(cell, entry) for entry in excluded)]
    if not kept:
        document.add("matrix", (*path, "exclude"), "nothing is left of the matrix: every cell is excluded", at_key=True)
    return kept


def _fits(cell: Cell, entry: Mapping[str, str]) -> bool:
    return all(spelled(cell[axis]) == value for axis, value in entry.items())


def _check(document: Document, path: Path, matrix: models.Matrix) -> bool:
    sound = True
    for axis, values in matrix.axes.items():
        seen: set[str] = set()
        for index, value in enumerate(values):
            if spelled(value) in seen:
                place = (*path, "axes", axis, index)
                document.add("matrix", place, f"'{spelled(value)}' stands twice on the axis '{axis}'")
                sound = False
            seen.add(spelled(value))
    for index, entry in enumerate(matrix.exclude):
        if not entry:
            document.add("matrix", (*path, "exclude", index), "this excludes everything", "name an axis and a value")
            sound = False
        for axis, value in entry.items():
            sound &= _check_excluded(document, (*path, "exclude", index, axis), matrix, axis, value)
    return sound


def _check_excluded(document: Document, path: Path, matrix: models.Matrix, axis: str, value: str | int | bool) -> bool:
    if axis not in matrix.axes:
        document.add("unknown-axis", path, f"there is no axis '{axis}'{did_you_mean(axis, matrix.axes)}", at_key=True)
        return False
    values = list(map(spelled, matrix.axes[axis]))
    if spelled(value) not in values:
        document.add("matrix", path, f"'{spelled(value)}' is not on the axis '{axis}'", f"its values: {listed(values)}")
        return False
    return True
