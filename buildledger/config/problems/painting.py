"""Colours of reports on a terminal."""

from __future__ import annotations

_COLOURS = {"+": "32", "~": "33", "-": "31", "error": "31", "warning": "33", "dim": "2"}


def painted(text: str, kind: str, *, colour: bool) -> str:
    """The text in the colour of its kind; as it is without `colour`."""
    return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if colour else text
