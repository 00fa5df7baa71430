"""What a fact may hold, so that whatever the ledger keeps, every read model and every database can hold as well.

Whatever lets something in refuses or cuts by these limits, where it can say clearly what is wrong; `fact_check.py` is
the gate behind all of them.
"""

from __future__ import annotations

from datetime import UTC, datetime

NUMBER_MAX = 2**53 - 1
"""Either side of 0. Databases hold 64 bits; sums over many rows, and programs that read JSON, need room below that."""
JSON_NUMBER_MAX = 2**63 - 1
"""Either side of 0, where a number is a value of a build's own and nobody reckons with it."""
FRACTION_MAX = 1e12
"""Seconds of a duration, either side of 0: in microseconds they fit 64 bits."""
FIRST_TIME = datetime(1, 1, 2, tzinfo=UTC)
LAST_TIME = datetime(9999, 12, 30, tzinfo=UTC)
"""A day within what Python can tell, so that a time can be told in every zone."""
LINE_CHARACTERS = 4_096
"""Of what a program or a worker says in a line for people; doors cut there."""
NAME_BYTES = 800
"""Of a name, in UTF-8: read models look it up by indexes, of which PostgreSQL's hold three such names at the most."""
TEXT_CHARACTERS = 1 << 20
"""Of any other text."""
ITEMS = 100_000
"""Of one list, or of one mapping."""
DEPTH = 32
"""Nesting of a value of a build's own."""


class LimitError(ValueError):
    """A value is beyond what can be held; `at` says where in the fact it stands, `reason` what is wrong with it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at = ""

    def __str__(self) -> str:
        return f"{self.at} {self.reason}"


def check_text(text: str, characters: int = TEXT_CHARACTERS) -> None:
    """Make sure that a text is not too long, has no NUL and no half of a character.

    Raises:
        LimitError
    """
    if len(text) > characters:
        raise LimitError(f"has {len(text)} characters, more than {characters}")
    if "\0" in text:
        raise LimitError(f"holds a NUL, as character {text.index(chr(0)) + 1}")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise LimitError(f"holds half a character (a lone surrogate), as character {error.start + 1}") from None


def storable(text: str, characters: int) -> str:
    """A text for people as a fact can hold it: what can't be kept stands as an escape, and what is too long is cut.

    For doors that have nobody to refuse it to: a worker's message, what a program said.
    """
    text = text.replace("\0", "\\x00")
    if not text.isascii():
        text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= characters else f"{text[: characters - 1]}…"
