"""Where the keys and values of a file stand, kept apart from the values, and looked up only when somebody asks.

A healthy file of a million values asks for no place at all, so what is kept is what the parser made anyway: its marks,
in lists beside the data, in the data's order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple, Protocol

from buildledger.config.problems.problem import Path


class Mark(NamedTuple):
    """A place in a file, both from 1."""

    line: int
    column: int


class ParserMark(Protocol):
    """A parser's own idea of a place: both from 0, in characters."""

    @property
    def line(self) -> int:
        """The line."""

    @property
    def column(self) -> int:
        """The character in it."""


class Origin(NamedTuple):
    """The piece of text that something was read from on its own."""

    file: str
    lines: int
    """How many lines of the file stand before the piece."""


@dataclass(slots=True)
class Places:
    """Where what is in a mapping or a list stands; the mapping or list itself stands where its owner says."""

    keys: list[ParserMark] = field(default_factory=list)
    """Of a mapping, in its order."""
    values: list[ParserMark] = field(default_factory=list)
    inner: dict[int, Places] = field(default_factory=dict)
    """Of the mappings and lists among the values, by their index. Aliases of one anchor share one."""
    origins: list[Origin] | None = None
    """Where the entries come from that were read on their own; None: from where the whole comes."""
    _numbers: dict[str, int] = field(default_factory=dict)

    def number(self, mapping: dict[str, Any], key: str) -> int:
        """Which entry of the mapping has this key."""
        if key not in self._numbers:
            known = len(self._numbers)
            self._numbers.update(zip(islice(mapping, known, None), range(known, len(mapping)), strict=True))
        return self._numbers[key]


class Spot(NamedTuple):
    """Where one key and its value stand."""

    origin: Origin
    key: Mark | None
    """None: it has no key."""
    value: Mark


def find(data: Any, places: Places, spot: Spot, path: Path) -> list[Spot]:
    """The spots on the way along a path, the root's first, as far as there is anything whose place is known."""
    way = [spot]
    origin = spot.origin
    for element in path:
        if isinstance(data, dict) and element in data:
            index = places.number(data, str(element))
        elif isinstance(data, list) and isinstance(element, int) and element < len(data):
            index = element
        else:
            break
        if index >= len(places.values):
            break
        if places.origins is not None:
            origin = places.origins[index]
        key = _mark(places.keys[index], origin) if places.keys else None
        way.append(Spot(origin, key, _mark(places.values[index], origin)))
        data = data[element]
        places = places.inner.get(index, _NOWHERE)
    return way


def _mark(mark: ParserMark, origin: Origin) -> Mark:
    return Mark(mark.line + 1 + origin.lines, mark.column + 1)


_NOWHERE = Places()
