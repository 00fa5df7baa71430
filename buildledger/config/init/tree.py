"""What a rule may look at: the files of a repository, and which programs this machine has."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

READ_BYTES = 1 << 20
"""Of a file that a rule reads; a longer one counts as empty."""


@dataclass(frozen=True)
class Tree:
    """The files below one directory, by their paths relative to it."""

    paths: frozenset[str]
    read: Callable[[str], bytes]
    """The content of one of the paths."""

    def has(self, path: str) -> bool:
        """Whether this file is there."""
        return path in self.paths

    def first(self, candidates: Iterable[str]) -> str | None:
        """The first of some files that is there."""
        return next((path for path in candidates if path in self.paths), None)

    def matching(self, pattern: str) -> list[str]:
        """The paths that a regular expression is found in, sorted."""
        wanted = re.compile(pattern)
        return sorted(path for path in self.paths if wanted.search(path))

    def text(self, path: str) -> str:
        """A file as text with line feeds, whatever ends its lines; empty if it isn't there, or too long."""
        if path not in self.paths:
            return ""
        raw = self.read(path)
        if len(raw) > READ_BYTES:
            return ""
        return raw.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")

    def toml(self, path: str) -> dict[str, Any]:
        """A TOML file; empty if it isn't there or isn't TOML, which its own tools will say better."""
        try:
            return tomllib.loads(self.text(path))
        except tomllib.TOMLDecodeError:
            return {}

    def json(self, path: str) -> dict[str, Any]:
        """A JSON file that holds an object; empty like `toml`."""
        try:
            found = json.loads(self.text(path) or "{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def below(self, directory: str) -> Tree:
        """The same, of one directory in it."""
        start = f"{directory}/"
        inside = frozenset(path.removeprefix(start) for path in self.paths if path.startswith(start))
        return Tree(inside, lambda path: self.read(start + path))


def table(found: dict[str, Any], *names: str) -> dict[str, Any]:
    """A mapping inside mappings; empty if any of them is missing or something else."""
    for name in names:
        inner = found.get(name)
        if not isinstance(inner, dict):
            return {}
        found = inner
    return found


HasProgram = Callable[[str], bool]
"""Whether a program of this name is on this machine's PATH."""
