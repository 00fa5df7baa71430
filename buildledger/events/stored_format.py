"""Texts that facts carry, in numbered formats: each that was ever stored is read as the newest one.

A text has its number with it (`"format": 2`); one without is of format 1. Whoever changes a shape that is stored raises
its number, adds what turns the former format into the next one, and records a golden text
(`python -m tests.golden.stored.record`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")
Decode = Callable[[str | bytes], T]
"""Reads JSON, or raises `msgspec.DecodeError`."""
Upcast = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns the plain JSON of one format into that of the next; the number itself is set by the reader."""

FIRST_FORMAT = 1
"""That of a text without a number, too."""


class UnreadableTextError(ValueError):
    """A stored text is in a format that this version doesn't know, or isn't what its format says."""

    def __init__(self, what: str, number: int | None, cause: str) -> None:
        """`what` the text should be; `number` of its format, None if not even that can be read."""
        super().__init__(f"a stored {what} can't be read (format {'unknown' if number is None else number}): {cause}")
        self.what = what
        self.number = number
        self.cause = cause


class UnknownFormatError(UnreadableTextError):
    """A stored text has the number of a format that only another version knows."""


class _Numbered(msgspec.Struct, frozen=True):
    format: int = FIRST_FORMAT


class StoredFormat(Generic[T]):
    """Texts of one kind: how the newest format is read, its number, and the ways up from all earlier ones."""

    def __init__(self, what: str, decode: Decode[T], newest: int, upcasts: Sequence[Upcast]) -> None:
        """`upcasts[0]` makes format 2 of format 1, and so on; `decode` reads the newest one."""
        if newest != FIRST_FORMAT + len(upcasts):
            msg = f"format {newest} of a {what} needs {newest - FIRST_FORMAT} upcasts, there are {len(upcasts)}"
            raise ValueError(msg)
        self.what = what
        self.newest = newest
        self._decode = decode
        self._upcasts = tuple(upcasts)

    def read(self, text: str | bytes) -> T:
        """What a stored text says, in the newest shape.

        Raises:
            UnknownFormatError: Its number is of another version.
            UnreadableTextError: It isn't what its format says.
        """
        number: int | None = None
        try:
            number = _number.decode(text).format
            if number == self.newest:
                return self._decode(text)
            return self._decode(msgspec.json.encode(self._raised(msgspec.json.decode(text), number)))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError) as error:
            raise UnreadableTextError(self.what, number, str(error) or type(error).__name__) from error

    def _raised(self, plain: dict[str, Any], number: int) -> dict[str, Any]:
        if not FIRST_FORMAT <= number < self.newest:
            known = f"formats {FIRST_FORMAT} to {self.newest}" if self._upcasts else f"only format {self.newest}"
            raise UnknownFormatError(self.what, number, f"this version of Build Ledger reads {known}")
        for upcast in self._upcasts[number - FIRST_FORMAT :]:
            plain = upcast(plain)
        plain["format"] = self.newest
        return plain


_number = msgspec.json.Decoder(_Numbered)
