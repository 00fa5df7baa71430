"""Data → YAML as a person would write it: short lists on one line, scripts as blocks, comments above their subject."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

WIDTH = 120
_PLAIN = re.compile(r"(?:[A-Za-z0-9_/.$(]|-(?=[^\s-])|--(?=[^\s-]))[ -~]*(?<! )")
"""Printable, and begun by a character that means nothing by itself."""
_NOT_TEXT = frozenset({"true", "false", "null", "~", ".inf", ".nan", "yes", "no", "on", "off"})
_LOOKS_LIKE_NUMBER = re.compile(r"[-+.]?[\d.][\d_.]*(?:[eE][-+]?\d*)?|0[xo].*")


def scalar(value: Any, *, inside: bool = False) -> str:
    """A value without parts on one line; `inside` a list or mapping on one line, commas and brackets mean something."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return value if _is_plain(value, inside=inside) else _quoted(value)


def key(text: str) -> str:
    """A key. `on` is text in YAML 1.2."""
    return text if text == "on" else scalar(text, inside=True)


def flow(value: Any) -> str:
    """A value of any kind on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key(name)}: {flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(each) for each in value) + "]"
    return scalar(value, inside=True)


def comment(text: str, indent: int) -> list[str]:
    """Lines of a comment, broken at words."""
    lines, line = [], ""
    room = max(40, WIDTH - indent - 2)
    for word in " ".join(text.split()).split(" "):
        if line and len(line) + 1 + len(word) > room:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [" " * indent + "# " + each for each in [*lines, line] if each]


def entry(name: str, value: Any, indent: int) -> list[str]:
    """The lines of one key of a mapping."""
    head = " " * indent + f"{key(name)}:"
    if isinstance(value, str) and _is_block(value):
        return [head + (" |" if value.endswith("\n") else " |-"), *_block(value, indent + 2)]
    one_line = f"{head} {_on_one_line(value)}"
    if not isinstance(value, Mapping | list | tuple) or not value or (len(one_line) <= WIDTH and not _is_deep(value)):
        return [one_line]
    if isinstance(value, Mapping):
        return [head, *mapping(value, indent + 2)]
    return [head, *(line for each in value for line in item(each, indent + 2))]


def mapping(value: Mapping[str, Any], indent: int) -> list[str]:
    """The lines of a mapping, a key each."""
    return [line for name, each in value.items() for line in entry(name, each, indent)]


def item(value: Any, indent: int) -> list[str]:
    """The lines of one element of a list."""
    if isinstance(value, Mapping) and value:
        one_line = " " * indent + "- " + flow(value)
        if len(value) > 1 and len(one_line) <= WIDTH and not _is_deep(value) and not _has_block(value):
            return [one_line]
        first, *rest = mapping(value, indent + 2)
        return [" " * indent + "- " + first[indent + 2 :], *rest]
    if isinstance(value, str) and _is_block(value):
        return [" " * indent + ("- |" if value.endswith("\n") else "- |-"), *_block(value, indent + 2)]
    return [" " * indent + "- " + _on_one_line(value)]


def _on_one_line(value: Any) -> str:
    return flow(value) if isinstance(value, Mapping | list | tuple) else scalar(value)


def _is_plain(text: str, *, inside: bool) -> bool:
    """Whether a text needs no quotes."""
    if not _PLAIN.fullmatch(text) or text.lower() in _NOT_TEXT or _LOOKS_LIKE_NUMBER.fullmatch(text):
        return False
    if ": " in text or " #" in text or text.endswith(":"):
        return False
    return not (inside and re.search(r"[,\[\]{}]", text))


def _is_block(text: str) -> bool:
    """Whether a text is written as a block of lines: only what a block says to the letter."""
    if "\n" not in text.rstrip("\n") or text.endswith("\n\n") or not text.strip():
        return False
    lines = text.splitlines()
    return (
        text == "\n".join(lines) + ("\n" if text.endswith("\n") else "")
        and not lines[0].startswith((" ", "\t"))
        and bool(lines[0])
        and all(character == "\t" or character >= " " for line in lines for character in line)
        and not any(line.startswith("\t") for line in lines)
    )


def _block(text: str, indent: int) -> Iterable[str]:
    return (" " * indent + line if line else "" for line in text.splitlines())


def _is_deep(value: Mapping[str, Any] | Sequence[Any]) -> bool:
    """Whether a value is easier to read over several lines."""
    parts = list(value.values()) if isinstance(value, Mapping) else list(value)
    if any(isinstance(part, str) and "\n" in part for part in parts):
        return True
    if isinstance(value, Mapping) and len(value) > 4:
        return True
    return any(
        _is_deep(part) or (isinstance(part, Mapping) and len(part) > 1)
        for part in parts
        if isinstance(part, Mapping | list)
    )


def _has_block(value: Mapping[str, Any]) -> bool:
    return any(isinstance(part, str) and _is_block(part) for part in value.values())


def _quoted(text: str) -> str:
    """In double quotes; YAML reads all that JSON writes, but not every character as it is."""
    return re.sub(
        r"[\x7f-\x9f\u2028\u2029\ufeff]", lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False)
    )
