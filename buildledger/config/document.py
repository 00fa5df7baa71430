"""What a file holds, where each key and value of it stands, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from buildledger.config.problems import Path, Problem


class Mark(NamedTuple):
    """A place in the file, both from 1."""

    line: int
    column: int


@dataclass
class Document:
    """What a file holds, with the place of everything in it and the problems met so far."""

    file: str
    data: Any = None
    values: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    indents: dict[Path, int] = field(default_factory=dict)
    """For a text on one line: how many characters of mark-up stand before it (1 for a quote)."""
    problems: list[Problem] = field(default_factory=list)
    _seen: set[Problem] = field(default_factory=set)

    def mark(self, path: Path, *, at_key: bool = False) -> Mark:
        """Where `path` stands, or, for something that isn't there, the nearest thing around it."""
        while path:
            found = self.keys.get(path) if at_key else self.values.get(path)
            found = found or self.values.get(path) or self.keys.get(path)
            if found:
                return found
            path = path[:-1]
            at_key = path not in self.indents
        return self.values.get((), Mark(1, 1))

    def add(
        self, code: str, path: Path, message: str, hint: str = "", *, at_key: bool = False, warning: bool = False
    ) -> None:
        """Report a problem at a path; the same one at the same place is reported once."""
        path = self._as_written(path)
        mark = self.mark(path, at_key=at_key)
        self.add_at(mark, code, message, hint, path=path, warning=warning)

    def _as_written(self, path: Path) -> Path:
        """Without the index 0 of a single entry that stands for a list of one."""
        here: Any = self.data
        written: list[str | int] = []
        for element in path:
            if element == 0 and here is not None and not isinstance(here, list):
                continue
            written.append(element)
            try:
                here = here[element]
            except (KeyError, IndexError, TypeError):
                here = None
        return tuple(written)

    def add_at(
        self, mark: Mark, code: str, message: str, hint: str = "", *, path: Path = (), warning: bool = False
    ) -> None:
        """Report a problem at a place."""
        problem = Problem(
            file=self.file,
            line=mark.line,
            column=mark.column,
            code=code,
            message=message,
            hint=hint,
            path=path,
            severity="warning" if warning else "error",
        )
        if problem not in self._seen:
            self._seen.add(problem)
            self.problems.append(problem)

    @property
    def failed(self) -> bool:
        """Whether there is an error among the problems."""
        return any(problem.severity == "error" for problem in self.problems)
