"""Rows are read through a reading only, so that no query forgets as of which position it answers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import sqlalchemy as sa

import buildledger

ROOM = Path(buildledger.__file__).parent


READERS = sorted(
    [*(ROOM / "api").rglob("*.py"), ROOM / "retention" / "artifacts.py", ROOM / "projections" / "artifact_search.py"]
)


def raw_uses(source: str) -> Iterator[int]:
    """The lines in which a table of the read models is used as anything but the argument of `table`."""
    tree = ast.parse(source)
    tables, modules = set(), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("buildledger.projections"):
            for alias in node.names:
                name, known = alias.asname or alias.name, import_module(node.module or "")
                found = getattr(known, alias.name, None)
                if isinstance(found, sa.Table):
                    tables.add(name)
                elif found is None or hasattr(found, "__path__") or hasattr(found, "__file__"):
                    modules[name] = import_module(f"{node.module}.{alias.name}")
    given = {
        argument
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "table"
        for argument in node.args
    }
    for node in ast.walk(tree):
        of_module = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules
        is_table = isinstance(node, ast.Name) and node.id in tables
        if of_module:
            assert isinstance(node, ast.Attribute)
            assert isinstance(node.value, ast.Name)
            is_table = isinstance(getattr(modules[node.value.id], node.attr, None), sa.Table)
        if is_table and node not in given:
            assert isinstance(node, ast.expr)
            yield node.lineno


@pytest.mark.parametrize("path", READERS, ids=lambda path: str(path.relative_to(ROOM)))
def test_tables_are_read_through_a_reading(path: Path) -> None:
    """A table is only ever named to a reading, which gives it with the condition for its position."""
    assert list(raw_uses(path.read_text())) == []


def test_a_table_used_raw_is_found() -> None:
    """The check sees both ways to name a table."""
    named = "from buildledger.projections.status_tables import build\nsa.select(build.c.id)\nreading.table(build)"
    assert list(raw_uses(named)) == [2]
    of_module = "from buildledger.projections import status_tables as t\nsa.select(t.build)\nreading.table(t.step)"
    assert list(raw_uses(of_module)) == [2]
