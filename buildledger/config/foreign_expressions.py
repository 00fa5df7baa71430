"""Expressions of other systems, `${{ x }}`, are warned of wherever they stand: nobody puts anything in their place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from buildledger.config.document import Document
from buildledger.config.kept import Kept
from buildledger.config.problems import Path
from buildledger.config.steps import shell_syntax
from buildledger.config.steps.step import VALUES

CODE = "template-syntax"


def warn_of_foreign_expressions(document: Document, kept: Kept) -> None:
    """Warn of those that nobody has warned of yet, by their places; not in entries that are known to have none."""
    known = {problem.path for problem in document.problems}
    for path, entry in _entries(document.data):
        if kept.is_without_foreign(path, entry):
            continue
        found = [(place, foreign) for place, text in _texts(entry, path) if (foreign := shell_syntax.templates(text))]
        if not found:
            kept.keep_without_foreign(path, entry)
        for place, foreign in found:
            if place not in known:
                document.add(CODE, place, foreign, VALUES, warning=True)


def _entries(data: Any) -> Iterator[tuple[Path, Any]]:
    """The entries of all sections, and whatever else stands at the top."""
    if not isinstance(data, dict):
        yield (), data
        return
    for section, value in data.items():
        if isinstance(value, dict):
            yield from (((section, name), entry) for name, entry in value.items())
        else:
            yield (section,), value


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    match value:
        case str():
            yield path, value
        case dict():
            for key, inner in value.items():
                yield from _texts(inner, (*path, key))
        case list():
            for index, inner in enumerate(value):
                yield from _texts(inner, (*path, index))
