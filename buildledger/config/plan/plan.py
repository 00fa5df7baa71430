"""A difference as people read it: cells of a matrix that change alike together, long lists counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

from buildledger.config.plan.diff import Diff, Entry, FieldChange
from buildledger.config.problems.painting import painted
from buildledger.wording import plural

STORED_LINES = 200
"""Of a plan that is kept with the fact."""
STORED_CHARACTERS = 500
"""Of each of those lines."""
FIELDS_IN_LINE = 5
NAMES_SHOWN = 3
"""Of cells, and of what came to a list or went from it, where there are more."""
VALUE_CHARACTERS = 60
_SIGNS = {"created": "+", "changed": "~", "removed": "-"}


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Entries that are one to people: cells of one builder to which the same happens, or an entry by itself."""

    entries: tuple[Entry, ...]
    cells: int = 0
    """How many cells the builder has; 0: it is an entry by itself."""

    @property
    def head(self) -> str:
        """What it is: `worker linux`, `builder tests: all 12 cells`, `builder tests: 2 of 12 cells (…)`."""
        first = self.entries[0]
        if not self.cells:
            return first.kind if first.name == first.kind else f"{first.kind} {first.name}"
        if len(self.entries) == self.cells:
            return f"builder {first.base}: all {self.cells:,} cells"
        names = _listed([entry.name for entry in self.entries])
        return f"builder {first.base}: {len(self.entries):,} of {self.cells:,} cells ({names})"


def groups(difference: Diff) -> Iterator[Group]:
    """The entries of a difference, in its order, those of cells that change in the same fields together."""
    together: dict[object, list[Entry]] = {}
    for entry in difference.entries:
        shape = tuple((field.action, field.old_at, field.new_at) for field in entry.fields)
        key = (entry.kind, entry.name) if entry.base is None else (entry.base, entry.action, shape)
        together.setdefault(key, []).append(entry)
    for entries in together.values():
        cells = difference.cells.get(entries[0].base or "", 0)
        yield Group(entries=tuple(entries), cells=cells if cells > 1 and len(entries) > 1 else 0)


def lines(difference: Diff) -> Iterator[str]:
    """A line for each group: `changed builder tests: all 12 cells: steps["pytest"].argv[3], retry.max`."""
    for group in groups(difference):
        first = group.entries[0]
        paths = [_counted(run) for run in _runs(first.fields)]
        shown = ", ".join(paths[:FIELDS_IN_LINE])
        more = f" and {len(paths) - FIELDS_IN_LINE} more" if len(paths) > FIELDS_IN_LINE else ""
        yield f"{first.action} {group.head}" + (f": {shown}{more}" if shown else "")


def stored_lines(difference: Diff) -> tuple[str, ...]:
    """The plan as it is kept with the fact: of a long one the beginning, and how many lines more there are."""
    every = [_cut(line, STORED_CHARACTERS) for line in lines(difference)]
    if len(every) <= STORED_LINES:
        return tuple(every)
    kept = STORED_LINES - 1
    return (*every[:kept], f"and {plural(len(every) - kept, 'more line')}")


def plan_text(difference: Diff) -> str:
    """Each group, with its fields below it, then how many things are created, changed and removed."""
    if not difference:
        return "no changes"
    parts = [_group(group) for group in groups(difference)]
    actions = [entry.action for entry in difference.entries]
    counts = [f"{actions.count(action):,} {action}" for action in _SIGNS if action in actions]
    return "\n".join([*parts, ", ".join(counts)])


def coloured(text: Iterable[str]) -> str:
    """The lines of such a text for a terminal: what comes, changes and goes by its colour."""
    return "\n".join(painted(line, line[:1], colour=line[:2] in ("+ ", "~ ", "- ")) for line in text)


def _group(group: Group) -> str:
    sign = _SIGNS[group.entries[0].action]
    varying = _varying(group)
    told = [_told(run, varying) for run in _runs(group.entries[0].fields)]
    return "\n".join([f"{sign} {group.head}", *(f"    {line}" for line in told)])


def _varying(group: Group) -> frozenset[int]:
    """Which fields, by the identity of the first entry's, have other values in other cells."""
    first = group.entries[0].fields
    return frozenset(
        id(field)
        for index, field in enumerate(first)
        if any((entry.fields[index].old, entry.fields[index].new) != (field.old, field.new) for entry in group.entries)
    )


def _runs(fields: Sequence[FieldChange]) -> Iterator[list[FieldChange]]:
    """Fields one by one, but more than a few elements that came to one list, or went from it, or moved, together."""

    def key(field: FieldChange) -> object:
        at = field.new_at or field.old_at or ()
        whole = field.action != "changed" and at and isinstance(at[-1], int)
        return (field.action, field.path.rpartition("[")[0]) if whole else id(field)

    for _, run in groupby(fields, key):
        found = list(run)
        if len(found) > NAMES_SHOWN:
            yield found
        else:
            yield from ([field] for field in found)


def _counted(run: Sequence[FieldChange]) -> str:
    first = run[0]
    if len(run) > 1:
        return f"{first.path.rpartition('[')[0]}: {len(run):,} {first.action}"
    return first.path if first.action == "changed" else f"{first.path} {first.action}"


def _told(run: Sequence[FieldChange], varying: frozenset[int]) -> str:
    first = run[0]
    if len(run) > 1:
        values = [_short(field.new or field.old or _number(field)) for field in run]
        return f"{_counted(run)}: {_listed(values)}"
    more = " (in the first of these cells)" if id(first) in varying else ""
    match first.action:
        case "changed":
            return f"{first.path}: {_short(first.old)} → {_short(first.new)}{more}"
        case "moved":
            return f"{first.path}: moved from place {_number(first, former=True)} to {_number(first)}"
        case "added":
            return f"{first.path}: added {_short(first.new)}{more}"
        case "removed":
            return f"{first.path}: removed {_short(first.old)}{more}"


def _number(field: FieldChange, *, former: bool = False) -> str:
    """An element's place in its list, counted from 1."""
    at = (field.old_at if former else field.new_at) or (0,)
    return str(int(at[-1]) + 1)


def _short(value: str | None) -> str:
    return _cut(value or "", VALUE_CHARACTERS)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    shown = ", ".join(every[:NAMES_SHOWN])
    return shown if len(every) <= NAMES_SHOWN else f"{shown} and {len(every) - NAMES_SHOWN:,} more"
