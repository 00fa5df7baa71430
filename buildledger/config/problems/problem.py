"""What is wrong with a configuration file: where, what, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

Path = tuple[str | int, ...]
"""Keys and indices from the root of the file: `("triggers", 2, "settle")`."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of a file. `str()` gives the line that people read."""

    file: str
    line: int
    """From 1; 0 when the fault is the file's as a whole."""
    column: int
    """From 1, in characters."""
    code: str
    """One of `codes.py`: stable, and explained in `docs/configuration.md`."""
    message: str
    hint: str = ""
    notes: tuple[str, ...] = ()
    """What else there is to say, a line each."""
    path: Path = ()
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        kind = "warning: " if self.severity == "warning" else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}: {kind}{self.message}{hint} [{self.code}]"

    @property
    def place(self) -> str:
        """The path as people write it: `triggers[2].settle`."""
        return spell(self.path)


class ConfigErrors(Exception):  # noqa: N818 - one exception that carries many errors
    """Files can't be loaded; `problems` has everything found in them, warnings too, in the order of the files.

    `texts` has what could be read, by file.
    """

    def __init__(self, problems: Iterable[Problem], texts: Mapping[str, str] | None = None) -> None:
        self.problems = tuple(problems)
        self.texts = texts or {}
        super().__init__("\n".join(map(str, self.problems)))


def spell(path: Path) -> str:
    """A path as people write it: `triggers[2].settle`."""
    text = ""
    for element in path:
        text += f"[{element}]" if isinstance(element, int) else f".{element}" if text else element
    return text


COMPARED_MAX = 2_000
"""Names that a wrong one is compared with: each costs some ten microseconds."""


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """`, did you mean 'workers'?` if something known is near enough, else nothing."""
    names = sorted(known)
    if len(names) > COMPARED_MAX:
        return ""
    near = difflib.get_close_matches(wrong, names, n=1, cutoff=0.6)
    return f", did you mean '{near[0]}'?" if near else ""


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Names for a hint: `a, b, c`, shortened when there are many."""
    ordered = sorted(names)
    return ", ".join(ordered[:limit]) + (f" and {len(ordered) - limit} more" if len(ordered) > limit else "")
