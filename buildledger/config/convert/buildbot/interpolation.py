"""Reads the formats of `Interpolate` and `WithProperties`: fixed text, and substitutions with their fallbacks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from buildledger.config.convert.buildbot.account import UnsayableError

_CONVERSION = re.compile(r"[#0\- +]*\d*(?:\.\d+)?([a-zA-Z%])")


@dataclass(frozen=True)
class Substitution:
    """`%(prop:branch:-main)s`."""

    selector: str
    """`prop`, `src`, `worker`, `secret` or `kw`; empty in `WithProperties`."""
    key: str
    """`branch`; of `src` `codebase:branch`."""
    operator: str = ""
    """`-`, `~`, `+`, `?`, `#?`, or nothing."""
    first: str = ""
    """What stands for it: instead of it (`-`, `~`), or if it is there (`+`, `?`, `#?`). A format again."""
    second: str = ""
    """What stands for it if it isn't there (`?`, `#?`)."""


@dataclass(frozen=True)
class Positional:
    """`%s`: the next of the arguments."""


Piece = str | Substitution | Positional


def parse(text: str, *, selectors: bool = True) -> list[Piece]:
    """The pieces of a format. `selectors=False`: as `WithProperties` reads it.

    Raises:
        UnsayableError: It has a conversion other than `%s`.
    """
    pieces: list[Piece] = []
    start = 0
    while (mark := text.find("%", start)) >= 0:
        pieces.append(text[start:mark])
        content, after = _parenthesised(text, mark + 1)
        match = _CONVERSION.match(text, after)
        if match is None or match[1] not in "sdir%":
            raise UnsayableError(f"the format {text!r} isn't understood at character {mark + 1}")
        start = match.end()
        if match[1] == "%":
            pieces.append("%")
        elif match[0] not in ("s", "d", "i"):
            raise UnsayableError(f"the conversion '%{match[0]}' has no counterpart", "give the value as it is")
        elif content is None:
            pieces.append(Positional())
        else:
            pieces.append(_substitution(content) if selectors else _of_with_properties(content))
    return [*pieces, text[start:]]


def _parenthesised(text: str, start: int) -> tuple[str | None, int]:
    """What stands in balanced parentheses, and where they end; None if there are none."""
    if not text.startswith("(", start):
        return None, start
    depth = 0
    for index in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return text[start + 1 : index], index + 1
    raise UnsayableError(f"a parenthesis isn't closed in {text!r}")


def _substitution(content: str) -> Substitution:
    selector, _, rest = content.partition(":")
    key, _, tail = rest.partition(":")
    if selector == "src":
        attribute, _, tail = tail.partition(":")
        key = f"{key}:{attribute}"
    for operator in ("#?", "-", "~", "+", "?"):
        if tail.startswith(operator):
            return _with_operator(selector, key, operator, tail[len(operator) :])
    return Substitution(selector, key)


def _with_operator(selector: str, key: str, operator: str, tail: str) -> Substitution:
    if not operator.endswith("?"):
        return Substitution(selector, key, operator, tail)
    delimiter, body = tail[:1], tail[1:]
    depth = 0
    for index, character in enumerate(body):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 and character == delimiter:
            return Substitution(selector, key, operator, body[:index], body[index + 1 :])
    raise UnsayableError(f"'{key}:{operator}{tail}' has no second part")


def _of_with_properties(content: str) -> Substitution:
    for operator in ("-", "~", "+"):
        key, mark, tail = content.partition(":" + operator)
        if mark:
            return Substitution("", key, operator, tail)
    return Substitution("", content)
