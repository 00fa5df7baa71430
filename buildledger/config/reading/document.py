"""What a file holds, where each key and value of it stands, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from buildledger.config.problems.problem import Path, Problem
from buildledger.config.reading.places import Mark, Origin, Places, Spot, find
from buildledger.config.reading.text_places import inside

BEGIN = Mark(1, 1)


@dataclass
class Document:
    """What a file holds, with the place of everything in it and the problems met so far."""

    file: str
    data: Any = None
    places: Places = field(default_factory=Places)
    """Where what is in `data` stands."""
    start: Mark = BEGIN
    """Where `data` itself stands."""
    texts: dict[str, str] = field(default_factory=dict)
    """What was read, by file."""
    problems: list[Problem] = field(default_factory=list)
    reports: int = 0
    """How often something was reported, the same thing again too."""
    _seen: set[Problem] = field(default_factory=set)
    _lines: dict[str, list[str]] = field(default_factory=dict)

    def mark(self, path: Path, *, at_key: bool = False) -> Mark:
        """Where `path` stands, or, for something that isn't there, the nearest thing around it."""
        return self._place(path, at_key=at_key)[1]

    def line(self, path: Path) -> str:
        """The file and line of `path`, as in `FILE:12`; of something that isn't there of what is around it."""
        file, mark = self._place(path, at_key=True)
        return f"{file}:{mark.line}"

    def has(self, path: Path) -> bool:
        """Whether the file says something at `path`."""
        return len(self._way(path)) > len(path)

    def inside(self, path: Path, line: int, column: int) -> Mark | None:
        """Where a character of a text stands, of its line and column in the text itself, both from 1.

        None if it can't be told: the text is on several lines without a `|` or `>`, or has escapes.
        """
        way = self._way(path)
        text = self._at(path[: len(way) - 1])
        if len(way) <= len(path) or not isinstance(text, str):
            return None
        file, mark = way[-1].origin.file, way[-1].value
        if file not in self._lines:
            self._lines[file] = self.texts.get(file, "").split("\n")
        return inside(self._lines[file], mark, text, line, column)

    def add(
        self, code: str, path: Path, message: str, hint: str = "", *, at_key: bool = False, warning: bool = False
    ) -> None:
        """Report a problem at a path; the same one at the same place is reported once."""
        path = self._as_written(path)
        file, mark = self._place(path, at_key=at_key)
        self._add(file, mark, code, message, hint, path, warning=warning)

    def add_at(
        self, mark: Mark, code: str, message: str, hint: str = "", *, path: Path = (), warning: bool = False
    ) -> None:
        """Report a problem at a place."""
        self._add(self.file_of(path), mark, code, message, hint, path, warning=warning)

    def report(self, file: str, mark: Mark, code: str, message: str, hint: str = "", *, path: Path = ()) -> None:
        """Report an error at a place of one of several files."""
        self._add(file, mark, code, message, hint, path, warning=False)

    def take(self, problem: Problem) -> None:
        """Take over what was found before; the same problem is reported once."""
        self.reports += 1
        if problem not in self._seen:
            self._seen.add(problem)
            self.problems.append(problem)

    def file_of(self, path: Path) -> str:
        """The file in which a path stands, or the nearest thing around it."""
        return self._way(path)[-1].origin.file

    @property
    def failed(self) -> bool:
        """Whether there is an error among the problems."""
        return any(problem.severity == "error" for problem in self.problems)

    def _add(self, file: str, mark: Mark, code: str, message: str, hint: str, path: Path, *, warning: bool) -> None:
        self.take(
            Problem(
                file=file,
                line=mark.line,
                column=mark.column,
                code=code,
                message=message,
                hint=hint,
                path=path,
                severity="warning" if warning else "error",
            )
        )

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

    def _way(self, path: Path) -> list[Spot]:
        return find(self.data, self.places, Spot(Origin(self.file, 0), None, self.start), path)

    def _place(self, path: Path, *, at_key: bool) -> tuple[str, Mark]:
        way = self._way(path)
        spot = way[-1]
        if len(way) <= len(path):
            # It isn't there. What is around it is named by its key, unless it is a text, which is at fault itself.
            at_key = isinstance(self._at(path[: len(way) - 1]), dict | list)
        return spot.origin.file, (spot.key or spot.value) if at_key else spot.value

    def _at(self, path: Path) -> Any:
        value = self.data
        for element in path:
            value = value[element]
        return value
