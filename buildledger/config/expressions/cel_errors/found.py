"""One thing that the engine has found, at its place in the expression."""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`[^`\n]*`|[A-Za-z_][\w.]*|\d[\w.]*|&&|\|\||[=!<>]=|[^\s\w]""",
)
_END = 24
"""Characters of the expression that a message repeats."""


class Said(NamedTuple):
    """What is said to people."""

    message: str
    hint: str = ""


class Found(NamedTuple):
    """What the engine says, and where; line and column count from 1."""

    source: str
    line: int
    column: int
    text: str

    @property
    def offset(self) -> int:
        """The place as an index into the expression."""
        lines = self.source.split("\n")
        return min(sum(len(line) + 1 for line in lines[: self.line - 1]) + self.column - 1, len(self.source))

    @property
    def before(self) -> str:
        """What stands before the place."""
        return self.source[: self.offset]

    @property
    def rest(self) -> str:
        """What stands at the place and after it."""
        return self.source[self.offset :]

    @property
    def token(self) -> str:
        """The word, the text or the sign at the place; empty at the end."""
        match = _TOKEN.match(self.rest.lstrip())
        return match[0] if match else self.rest.strip()[:1]

    @property
    def previous(self) -> str:
        """The word, the text or the sign before the place; empty at the beginning."""
        tokens = _TOKEN.findall(self.before)
        return tokens[-1] if tokens else ""


def short(text: str) -> str:
    """A part of an expression for a message, shortened when it is long."""
    return text if len(text) <= _END else text[: _END - 1] + "…"


def by_word(rows: dict[str, str]) -> dict[str, str]:
    """A table that has the same for several words, which stand in a row with spaces between."""
    return {word: said for words, said in rows.items() for word in words.split()}
