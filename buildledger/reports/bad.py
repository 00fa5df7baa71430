"""How a report is refused."""

from __future__ import annotations


class BadReportError(Exception):
    """A file isn't what its format asks for; the text says why, for people."""

    def __init__(self, text: str, place: str = "") -> None:
        """`place` is where: `line 12, column 3`, `byte 40`; empty for the whole file."""
        super().__init__(f"{place}: {text}" if place else text)
