"""A part of a configuration in which each value knows where it came from; as YAML for people, as JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

DEFAULT = "default"
"""The origin of what nobody said."""
MARGIN = 70
"""Where origins stand, if lines aren't longer."""
FLOW_CHARACTERS = 60
"""Of a list or mapping that is written on one line."""
_WORD = r"[A-Za-z0-9_./@+()-]+"
_PLAIN = re.compile(rf"-{{0,2}}[A-Za-z_./][A-Za-z0-9_./@+-]*(?:[ :]{_WORD})*\Z|(?:\d+(?:d|h|m|s|ms|B|[kKMG]i?B))+\Z")
"""Texts that need no quotes, wherever they stand, and durations and sizes."""
_WORDS = frozenset({"true", "false", "null", "~"})

Scalar = str | int | float | bool | None


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """A value with its origin. What isn't a scalar has explained values itself."""

    value: Scalar | Mapping[str, Explained] | tuple[Explained, ...]
    origin: str
    """`FILE:12`, or `default`; empty where it isn't known."""
    note: str = ""
    """What else is to be known of it, for people."""

    def plain(self) -> Any:
        """The value alone."""
        match self.value:
            case Mapping() as entries:
                return {key: inner.plain() for key, inner in entries.items()}
            case str() | int() | float() | None as scalar:
                return scalar
            case elements:
                return [inner.plain() for inner in elements]


def to_json(explained: Explained) -> Any:
    """Value and origin of everything, mappings and lists as such."""
    value: Any
    match explained.value:
        case Mapping() as entries:
            value = {key: to_json(inner) for key, inner in entries.items()}
        case str() | int() | float() | None as scalar:
            value = scalar
        case elements:
            value = [to_json(inner) for inner in elements]
    return {"value": value, "origin": explained.origin} | ({"note": explained.note} if explained.note else {})


def to_yaml(explained: Explained) -> str:
    """YAML with the origin of each line, if it is known, as a comment at its end."""
    return "\n".join(_commented(line, explained_) for line, explained_ in _lines("", explained, 0))


def _commented(line: str, explained: Explained | None) -> str:
    if explained is None:
        return line
    comment = ", ".join(part for part in (explained.origin, explained.note) if part)
    return f"{line:<{MARGIN}}  # {comment}" if comment else line


def _lines(head: str, explained: Explained, depth: int) -> Iterator[tuple[str, Explained | None]]:
    """The lines of a value after its head: a key, or the dash of a list."""
    indent = "  " * depth
    if (text := _flow(explained)) is not None:
        yield f"{indent}{head}{text}", explained
        return
    if head:
        yield f"{indent}{head}".rstrip(), explained
    match explained.value:
        case str() as text:
            yield from ((f"{indent}  {line}".rstrip(), None) for line in text.splitlines())
        case Mapping() as entries:
            for key, inner in entries.items():
                yield from _lines(f"{written(key)}: {_block(inner)}", inner, depth + bool(head))
        case tuple() as elements:
            for inner in elements:
                yield from _element(inner, depth + bool(head))


def _element(explained: Explained, depth: int) -> Iterator[tuple[str, Explained | None]]:
    """An element of a list: its first line has the dash."""
    first = True
    for line, each in _lines("", explained, depth + 1):
        yield ("  " * depth + "- " + line.lstrip() if first else line), each
        first = False


def _block(explained: Explained) -> str:
    value = explained.value
    if isinstance(value, str) and "\n" in value and _flow(explained) is None:
        return "|" if value.endswith("\n") else "|-"
    return ""


def _flow(explained: Explained) -> str | None:
    """The value on one line; None if it is too long, or if its parts have different origins."""
    match explained.value:
        case str() as text if "\n" in text and _as_block(text):
            return None
        case str() | int() | float() | None as scalar:
            return written(scalar)
        case Mapping() as entries:
            parts = [(f"{written(key)}: ", inner) for key, inner in entries.items()]
            brackets = "{}"
        case elements:
            parts = [("", inner) for inner in elements]
            brackets = "[]"
    if any(inner.origin != explained.origin or inner.note for _, inner in parts):
        return None
    texts = [(head, _flow(inner)) for head, inner in parts]
    if any(text is None for _, text in texts):
        return None
    line = f"{brackets[0]}{', '.join(f'{head}{text}' for head, text in texts)}{brackets[1]}"
    return line if len(line) <= FLOW_CHARACTERS or not parts else None


def _as_block(text: str) -> bool:
    """Whether a text of several lines can stand as a block: it has no odd beginning, and ends as blocks do."""
    return not text[0].isspace() and not text.endswith("\n\n") and all(c.isprintable() or c == "\n" for c in text)


def written(value: Scalar) -> str:
    """A scalar as YAML."""
    if isinstance(value, str) and _PLAIN.match(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)
