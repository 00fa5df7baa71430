"""Plain YAML scalars by the core schema of YAML 1.2; numbers remember how they were written.

In YAML 1.2 `yes`, `no`, `on`, `off`, `1_000` and `12:30` are text. What was written is kept with each number, so that a
message can say "3.10 was read as the number 3.1: quote it".
"""

from __future__ import annotations

import re
from typing import Any


class Whole(int):
    """A whole number and what stands in the file for it."""

    source: str

    def __new__(cls, value: int, source: str) -> Whole:
        """A number as it was written."""
        number = super().__new__(cls, value)
        number.source = source
        return number


class Fraction(float):
    """A number with a fraction or an exponent, and what stands in the file for it."""

    source: str

    def __new__(cls, value: float, source: str) -> Fraction:
        """A number as it was written."""
        number = super().__new__(cls, value)
        number.source = source
        return number


class ScalarError(ValueError):
    """A scalar that can't be taken."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_TRUE = re.compile(r"(?:true|True|TRUE)\Z")
_FALSE = re.compile(r"(?:false|False|FALSE)\Z")
_WHOLE = re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z")
_FRACTION = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_SPECIAL = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_FIRST = frozenset("~nNtTfF-+.0123456789")
"""What everything begins with that isn't text."""
_BASES = {"0o": 8, "0x": 16}
MAX_CHARACTERS = 24
"""Whole numbers fit into 64 bits; in octal that takes the most."""


def resolve(source: str) -> Any:
    """What an unquoted scalar means.

    Raises:
        ScalarError
    """
    if source and source[0] not in _FIRST:
        return text(source)
    if _NULL.match(source):
        return None
    if _TRUE.match(source) or _FALSE.match(source):
        return bool(_TRUE.match(source))
    if _WHOLE.match(source):
        return _whole(source)
    if _FRACTION.match(source):
        return Fraction(float(source), source)
    if _SPECIAL.match(source):
        return Fraction(float(source.replace(".", "")), source)
    return text(source)


def text(source: str) -> str:
    """Text as it will be used: pairs of escaped surrogates, as JSON writes them, are joined.

    Raises:
        ScalarError
    """
    if source.isascii():
        return source
    try:
        return source.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise ScalarError("yaml-character", "this text holds half a character (a lone surrogate)") from None


def _whole(source: str) -> Whole:
    if len(source) > MAX_CHARACTERS or abs(number := int(source, _BASES.get(source[:2], 10))) >= 1 << 63:
        raise ScalarError("number-range", f"{source[:24]} is too large for a number", "quote it if it is text")
    return Whole(number, source)


def describe(value: Any) -> str:
    """What something was read as, for a message that tells people to quote it."""
    match value:
        case None:
            return "nothing (null)"
        case bool():
            return f"the boolean {str(value).lower()}"
        case int():
            return f"the number {int(value)}"
        case float():
            return f"the number {float(value):g}"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping"


def written(value: Any) -> str:
    """A scalar as it stands in the file, as far as it is known."""
    if isinstance(value, Whole | Fraction):
        return value.source
    if isinstance(value, bool):
        return str(value).lower()
    return "nothing" if value is None else str(value)
