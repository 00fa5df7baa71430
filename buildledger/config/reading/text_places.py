"""Where a character of a text stands in its file: texts may be quoted, or blocks of lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from buildledger.config.reading.places import Mark

_BLOCK = re.compile(r"([|>])[-+0-9]*\s*(?:#.*)?$")


def inside(lines: Sequence[str], mark: Mark, text: str, line: int, column: int) -> Mark | None:
    """The place of a character, of its line and column in the text; None if it can't be told.

    `lines` are the file's, `mark` is where the text begins: at its quote, or at the `|` of its block.
    """
    begin = lines[mark.line - 1][mark.column - 1 :]
    if block := _BLOCK.match(begin):
        content = [each for each in lines[mark.line :] if each.strip()][:1]
        indent = len(content[0]) - len(content[0].lstrip()) if content else 0
        if block[1] == "|":
            return Mark(mark.line + line, indent + column)
        return _folded(lines[mark.line :], mark.line, indent, column) if line == 1 else None
    quote = 1 if begin[:1] in ("'", '"') else 0
    if line == 1 and begin.startswith(text, quote):
        return Mark(mark.line, mark.column + quote + column - 1)
    return None


def _folded(lines: Sequence[str], before: int, indent: int, column: int) -> Mark | None:
    """In a `>` block, whose lines are joined by a space."""
    for number, each in enumerate(lines, start=before + 1):
        length = len(each[indent:].rstrip())
        if not length:
            return None
        if column <= length + 1:
            return Mark(number, indent + column)
        column -= length + 1
    return None
