"""Expressions of other systems, `${{ x }}`, are warned of wherever they stand: nobody puts anything in their place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from buildledger.config.document import Document
from buildledger.config.problems import Path
from buildledger.config.steps import shell_syntax
from buildledger.config.steps.step import VALUES

CODE = "template-syntax"


def warn_of_foreign_expressions(document: Document) -> None:
    """Warn of those that nobody has warned of yet, by their places."""
    known = {problem.path for problem in document.problems}
    for path, text in list(_texts(document.data, ())):
        if path not in known and (foreign := shell_syntax.templates(text)):
            document.add(CODE, path, foreign, VALUES, warning=True)


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
