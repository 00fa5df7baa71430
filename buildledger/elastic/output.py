"""What a worker said last, for people who want to know why it is gone."""

from __future__ import annotations

import os
from pathlib import Path

TAIL_BYTES = 4_096
LINE_CHARACTERS = 300


def last_line_of(how: str, log: Path) -> str:
    """How it ended, and the last line of its output."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            tail = file.read().decode("utf-8", "replace")
    except OSError:
        return how
    return with_last_line(how, tail)


def with_last_line(how: str, text: str) -> str:
    """The same, of a text that is at hand."""
    line = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
    printable = "".join(character if character.isprintable() else " " for character in line[:LINE_CHARACTERS])
    return f"{how}: {printable}" if printable else how
