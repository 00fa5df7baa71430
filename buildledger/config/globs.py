"""Patterns for branch names: `*` and `?` stay inside one part of the name, `**` crosses `/`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def matches(patterns: Iterable[str], name: str) -> bool:
    """Whether the last pattern that says anything about `name` takes it; `!pattern` says no."""
    holds = False
    for pattern in patterns:
        negated = pattern.startswith("!")
        if _compiled(pattern.removeprefix("!")).fullmatch(name):
            holds = not negated
    return holds


def fault(pattern: str) -> str | None:
    """Why it is no pattern, for people; None if it is one."""
    body = pattern.removeprefix("!")
    if not body:
        return "a branch pattern can't be empty"
    if any(ord(character) <= 0x20 or ord(character) == 0x7F for character in body):
        return "a branch pattern holds no white space and no control characters"
    if any(character in "~^:\\[]" for character in body):
        return "branch names never hold any of ~ ^ : \\ [ ]; of wildcards there are *, ** and ?"
    if body.count("*") > MAX_WILDCARDS:
        return f"a branch pattern has at most {MAX_WILDCARDS} asterisks"
    return None


MAX_WILDCARDS = 8
"""Matching backtracks; this keeps the worst case harmless."""


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    tokens = re.split(r"(\*\*|\*|\?)", pattern)
    return re.compile("".join(pieces.get(token) or re.escape(token) for token in tokens), re.DOTALL)
