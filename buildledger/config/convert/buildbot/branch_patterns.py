"""Regular expressions for branches as branch patterns, as far as those can say them."""

from __future__ import annotations

import importlib
import itertools
import re
from typing import Any

from buildledger.config.convert.buildbot.account import UnsayableError

# What `re` itself parses an expression with; its own modules have no types, and mypy knows of them now and then only.
kinds: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")
PATTERNS_MAX = 64
"""Alternatives multiply; more than a trigger takes are refused."""


def patterns(regex: str) -> list[str]:
    """The patterns that fit the same branches, or some more: `\\d+` becomes `*`.

    Buildbot looks at the beginning of a branch: `release/` fits `release/1.2`.

    Raises:
        UnsayableError: There are no such patterns.
    """
    try:
        parsed = list(parser.parse(regex))
    except re.error as error:
        raise UnsayableError(f"'{regex}' is no regular expression: {error}") from None
    ends = [item for item in parsed if _is_end(item)]
    body = [item for item in parsed if not _is_end(item) and item != (kinds.AT, kinds.AT_BEGINNING)]
    found = _sequence(regex, body)
    whole = found if ends else [f"{each}**" for each in found]
    return list(dict.fromkeys(re.sub(r"\*{3,}", "**", each) for each in whole))


def _is_end(item: Any) -> bool:
    return bool(item[0] is kinds.AT and item[1] in (kinds.AT_END, kinds.AT_END_STRING))


def _sequence(regex: str, items: list[Any]) -> list[str]:
    choices = [_one(regex, *item) for item in items]
    if len(found := ["".join(each) for each in itertools.product(*choices)]) > PATTERNS_MAX:
        raise _unsayable(regex)
    return found


def _one(regex: str, kind: Any, value: Any) -> list[str]:
    """What one part of an expression fits."""
    if kind is kinds.LITERAL:
        return [chr(value)]
    if kind is kinds.ANY:
        return ["?"]
    if kind is kinds.IN:
        return _set(value)
    if kind is kinds.SUBPATTERN:
        return _sequence(regex, list(value[-1]))
    if kind is kinds.BRANCH:
        return [each for branch in value[1] for each in _sequence(regex, list(branch))]
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT):
        least, most, inner = value
        once = _sequence(regex, list(inner))
        if (least, most) == (0, 1):
            return ["", *once]
        return ["**" if each == "?" and inner[0][0] is kinds.ANY else "*" for each in once[:1]]
    raise _unsayable(regex)


def _set(value: Any) -> list[str]:
    """`[abc]` is each of them; ranges and classes any character."""
    if all(kind is kinds.LITERAL for kind, _ in value):
        return [chr(character) for _, character in value]
    return ["?"]


def _unsayable(regex: str) -> UnsayableError:
    return UnsayableError(
        f"'{regex}' can't be said by branch patterns", f"give its builders `when: change.branch.matches('{regex}')`"
    )
