"""Texts that another system or a shell would change, and keys behind which nothing stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from buildledger.config.loading.kept import Kept
from buildledger.config.problems.problem import Path
from buildledger.config.reading.document import Document
from buildledger.config.steps import shell_syntax
from buildledger.config.steps.step import IN_SCRIPT, VALUES

_VALUES = frozenset({"value", "upload", "to", "download", "into", "workdir", "branch"})
"""Keys whose texts are taken as they are, and where people put variables of a shell."""
_MAPPINGS = frozenset({"properties", "with"})
_WINDOWS = re.compile(r"[^%\s]*%[A-Za-z_]\w*%[^%]*")
_HOLDS_NULL = frozenset({"env"})


def warn_of_texts(document: Document, kept: Kept) -> None:
    """Warn of those that nobody has warned of yet, by their places; not in entries that are known to have none."""
    known = {problem.path for problem in document.problems}
    for path, entry in _entries(document.data):
        if kept.is_plain(path, entry):
            continue
        reports = document.reports
        for place, value in list(_leaves(entry, path)):
            if place in known:
                continue
            if value is None:
                _empty(document, place)
            else:
                _text(document, place, value)
        if document.reports == reports:
            kept.keep_plain(path, entry)


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


def _empty(document: Document, path: Path) -> None:
    """A key of ours with nothing behind it, as after `when: #main`: it is as if the key weren't there."""
    if path and isinstance(path[-1], str) and (len(path) < 2 or path[-2] not in _HOLDS_NULL):
        message = f"'{path[-1]}' has no value, as if it weren't there"
        document.add("no-value", path, message, "write a value, or take the key out", at_key=True, warning=True)


def _text(document: Document, path: Path, text: str) -> None:
    key, around = path[-1] if path else "", path[-2] if len(path) > 1 else ""
    if foreign := shell_syntax.templates(text):
        document.add("template-syntax", path, foreign, VALUES, warning=True)
    elif around == "env" and _WINDOWS.fullmatch(text):
        message = f"'{text}' is given to the program as it is: nothing is expanded"
        document.add("shell-syntax", path, message, IN_SCRIPT, warning=True)
    elif key in _VALUES or around in _MAPPINGS:
        if shell_syntax.variables(text):
            message = f"'{text}' is taken as it is: nothing is expanded"
            document.add("shell-syntax", path, message, VALUES, warning=True)
        elif key == "upload" and "*" in text:
            directory = text.partition("*")[0].rpartition("/")[0] or "."
            pattern = text.removeprefix(f"{directory}/")
            message = f"'{text}' is a path as it is: no names are put in its place"
            hint = f"write upload: {directory}, and files: '{pattern}'"
            document.add("shell-syntax", path, message, hint, warning=True)


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, str | None]]:
    match value:
        case str() | None:
            yield path, value
        case dict():
            for key, inner in value.items():
                yield from _leaves(inner, (*path, key))
        case list():
            for index, inner in enumerate(value):
                yield from _leaves(inner, (*path, index))
