"""Names of Buildbot as names of this format, which has fewer characters and at most 64 of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from buildledger.config import limits
from buildledger.config.fields.value_schemas import RESERVED


class Names:
    """New names, one for each old one, no two of them alike."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}

    def name(self, old: str) -> str:
        """The new name; the same one each time."""
        if old not in self._given:
            self._given[old] = unique(name(old), self._given.values())
        return self._given[old]

    def known(self, old: str) -> str | None:
        """The new name of what has one already."""
        return self._given.get(old)


def name(old: str) -> str:
    """`AMD64 Windows10 3.x` → `AMD64-Windows10-3.x`."""
    text = re.sub(r"[^A-Za-z0-9_.-]+", "-", old).strip("-.") or "unnamed"
    return text[: limits.NAME_CHARACTERS].rstrip("-.")


def identifier(old: str) -> str:
    """The name of a property, an input or a label: as an expression can write it."""
    text = re.sub(r"\W", "_", old, flags=re.ASCII) or "_"
    if text[0].isdigit() or text in RESERVED:
        text = "_" + text
    return text[: limits.NAME_CHARACTERS]


def variable(old: str) -> str:
    """The name of an environment variable: `got_revision` → `GOT_REVISION`."""
    return identifier(old).upper()


def unique(wanted: str, taken: Iterable[str], separator: str = "-", limit: int = limits.NAME_CHARACTERS) -> str:
    """The name, or with a number behind it if it is taken."""
    used = set(taken)
    number, text = 2, wanted
    while text in used:
        ending = f"{separator}{number}"
        text = wanted[: limit - len(ending)] + ending
        number += 1
    return text
