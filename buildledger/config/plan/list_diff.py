"""Which element of a list is which of its former version: what stayed, moved, came, went or became another."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

_NAMING_KEYS = ("name", "lock")


class Pair(NamedTuple):
    """An element in both versions, or in one of them."""

    old: int | None
    """Its index in the former list; None: it came."""
    new: int | None
    """Its index in the present list; None: it went."""
    moved: bool = False
    """It stands elsewhere among those that are in both."""


def name_of(element: Any) -> str | None:
    """By what an element is known again when something else in it changes: the name of a step or a lock."""
    if isinstance(element, dict) and "node" not in element:
        for key in _NAMING_KEYS:
            if isinstance(name := element.get(key), str):
                return name
    return None


def align(old: Sequence[Any], new: Sequence[Any]) -> list[Pair]:
    """Every element of both lists once: those of the present list in its order, those that went where they stood.

    As few as possible count as moved. What came in the place of something like it counts as the same, changed. Takes
    n log n steps, so lists of ten thousand elements are no matter.
    """
    was, now = [_key(each) for each in old], [_key(each) for each in new]
    before = _common(was, now)
    after = _common(was[before:][::-1], now[before:][::-1])
    inner = _aligned(old[before : len(old) - after], new[before : len(new) - after], before)
    return [
        *(Pair(index, index) for index in range(before)),
        *inner,
        *(Pair(len(old) - back, len(new) - back) for back in range(after, 0, -1)),
    ]


def _key(element: Any) -> str:
    return f"name {name}" if (name := name_of(element)) is not None else json.dumps(element, sort_keys=True)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many elements at the beginning are the same."""
    for count, (first, second) in enumerate(zip(one, other, strict=False)):
        if first != second:
            return count
    return min(len(one), len(other))


def _aligned(old: Sequence[Any], new: Sequence[Any], offset: int) -> list[Pair]:
    """The pairs of two lists that begin at `offset` of the whole ones."""
    was = {key: index for index, key in enumerate(_numbered(old))}
    matches = [(was[key], index) for index, key in enumerate(_numbered(new)) if key in was]
    stayed = _longest_rising(matches)
    moved = {other: one for one, other in matches if (one, other) not in stayed}
    taken, used = {one for one, _ in matches}, {other for _, other in matches}
    result: list[Pair] = []
    start, begin = 0, 0
    for end, stop in [*sorted(stayed), (len(old), len(new))]:
        went = [index for index in range(start, end) if index not in taken]
        changed = _replaced(old, new, went, [index for index in range(begin, stop) if index not in used])
        was_changed = set(changed.values())
        result += [Pair(one, None) for one in went if one not in was_changed]
        for index in range(begin, stop):
            result.append(Pair(moved[index], index, moved=True) if index in moved else Pair(changed.get(index), index))
        if end < len(old):
            result.append(Pair(end, stop))
        start, begin = end + 1, stop + 1
    return [
        Pair(None if one is None else one + offset, None if other is None else other + offset, moved_)
        for one, other, moved_ in result
    ]


def _numbered(elements: Sequence[Any]) -> list[tuple[str, int]]:
    """The keys, those of equal elements told apart by the order in which they stand."""
    seen: Counter[str] = Counter()
    result = []
    for key in map(_key, elements):
        result.append((key, seen[key]))
        seen[key] += 1
    return result


def _longest_rising(matches: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """The longest part of these pairs, in the order of the second, in which the first rises too (patience sorting)."""
    ends: list[int] = []
    last: list[int] = []
    back: list[int | None] = []
    for index, (one, _) in enumerate(matches):
        place = bisect_left(ends, one)
        back.append(last[place - 1] if place else None)
        ends[place : place + 1], last[place : place + 1] = [one], [index]
    found: set[tuple[int, int]] = set()
    at = last[-1] if last else None
    while at is not None:
        found.add(matches[at])
        at = back[at]
    return found


def _replaced(old: Sequence[Any], new: Sequence[Any], went: Sequence[int], came: Sequence[int]) -> dict[int, int]:
    """What came in the place of what went, as new → old: a step for one of its kind, other things one for one."""
    if not (went and came):
        return {}
    if not isinstance(old[went[0]], dict) or "step" not in old[went[0]]:
        return dict(zip(came, went, strict=True)) if len(went) == len(came) else {}
    result: dict[int, int] = {}
    left = list(went)
    for index in came:
        alike = next((each for each in left if old[each].get("step") == new[index].get("step")), None)
        if alike is not None:
            result[index] = alike
            left = [each for each in left if each > alike]
    return result
