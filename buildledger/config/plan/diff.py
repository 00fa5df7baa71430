"""What changes between two configurations, down to single fields and to single elements of lists.

It says all that differs in what is stored of them, and so nothing of how the files are written: two configurations with
the same digest have no difference, and two with different ones have some.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, Literal

import msgspec

from buildledger.config.plan.list_diff import Pair, align, name_of
from buildledger.config.resolved import DEFAULT_TITLE, Builder, Configuration, Server
from buildledger.config.secrets.settings import Secrets

SECTIONS = {
    "sources": "source",
    "workers": "worker",
    "projects": "project",
    "locks": "lock",
    "builders": "builder",
    "triggers": "trigger",
    "repo_pipelines": "pipeline",
}
UNCOMPARED = frozenset({"format"})
"""What is stored of a configuration and says nothing of it."""

NOTHING = Configuration(
    server=Server(title=DEFAULT_TITLE),
    secrets=Secrets(),
    sources={},
    workers={},
    locks={},
    builders={},
    triggers={},
)
"""A server without a configuration: what the first one changes."""

Place = tuple[str | int, ...]
"""The keys and indexes that lead to a value of an entry, as it is stored."""


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One field, or one element of a list, that differs."""

    path: str
    """For people: `steps["make test"].argv[2]`; lists of steps and locks by name, other lists by index."""
    action: Literal["changed", "added", "removed", "moved"] = "changed"
    """`moved`: it stands elsewhere in its list; what else changed of it is told apart."""
    old: str | None = None
    """As JSON; None: it wasn't there, or moved."""
    new: str | None = None
    """As JSON; None: it isn't there any more, or moved."""
    old_at: Place | None = None
    """Where it stood; None: nowhere."""
    new_at: Place | None = None
    """Where it stands; None: nowhere."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of the configuration that is created, changed or removed."""

    action: Literal["created", "changed", "removed"]
    kind: str
    """`source`, `worker`, `lock`, `builder`, `trigger`, or the section itself: `server`, `secrets`, …"""
    name: str
    base: str | None = None
    """Of a cell of a matrix: the builder's name in the file."""
    fields: tuple[FieldChange, ...] = ()
    """What changed; empty for what is created or removed."""


class ExitCode(IntEnum):
    """What `config diff` exits with."""

    NOTHING = 0
    ERRORS = 1
    CHANGES = 2


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    """All differences, by kind and name."""

    entries: tuple[Entry, ...]
    cells: Mapping[str, int] = {}
    """How many cells each builder with a matrix has, in whichever of the two configurations has more; empty if no cell
    differs."""

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.entries)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of `config diff` for these differences."""
        return ExitCode.CHANGES if self.entries else ExitCode.NOTHING


def diff(old: Configuration | None, new: Configuration) -> Diff:
    """What `new` changes, of nothing if there is no `old`. The order of mappings doesn't matter."""
    old = old or NOTHING
    entries: list[Entry] = []
    for section in sorted(Configuration.__struct_fields__):
        if section in UNCOMPARED or section in SECTIONS:
            continue
        if fields := _differing(getattr(old, section), getattr(new, section)):
            entries.append(Entry(action="changed", kind=section, name=section, fields=fields))
    for section, kind in SECTIONS.items():
        entries.extend(_section(kind, getattr(old, section), getattr(new, section)))
    cells = _cells(old, new) if any(entry.base for entry in entries) else {}
    return Diff(entries=tuple(entries), cells=cells)


def _section(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Entry]:
    """What differs of the entries of a section."""
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield Entry(action="created", kind=kind, name=name, base=_base(new[name]))
        elif name not in new:
            yield Entry(action="removed", kind=kind, name=name, base=_base(old[name]))
        elif fields := _differing(old[name], new[name]):
            yield Entry(action="changed", kind=kind, name=name, base=_base(new[name]), fields=fields)


def _differing(old: Any, new: Any) -> tuple[FieldChange, ...]:
    """The fields that differ; of thousands of entries most are one object, or equal by their canonical text."""
    if old is new:
        return ()
    was, now = _canonical.encode(old), _canonical.encode(new)
    return () if was == now else tuple(_fields("", msgspec.json.decode(was), msgspec.json.decode(now)))


def _base(entry: Any) -> str | None:
    """Of a cell of a matrix the builder in whose matrix it is; None for everything else."""
    return entry.base if isinstance(entry, Builder) and entry.matrix else None


def _cells(*configurations: Configuration) -> dict[str, int]:
    result: Counter[str] = Counter()
    for configuration in configurations:
        bases = map(_base, configuration.builders.values())
        result |= Counter(base for base in bases if base is not None)
    return dict(result)


def _fields(path: str, old: Any, new: Any, old_at: Place = (), new_at: Place = ()) -> Iterator[FieldChange]:
    """Differences of two JSON values, as deep as both sides have the same shape."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            inner = f"{path}.{key}" if path else key
            if key not in old:
                yield FieldChange(path=inner, action="added", new=_json(new[key]), new_at=(*new_at, key))
            elif key not in new:
                yield FieldChange(path=inner, action="removed", old=_json(old[key]), old_at=(*old_at, key))
            else:
                yield from _fields(inner, old[key], new[key], (*old_at, key), (*new_at, key))
    elif isinstance(old, list) and isinstance(new, list):
        for pair in align(old, new):
            yield from _element(path, pair, old, new, old_at, new_at)
    elif (type(old), old) != (type(new), new):
        yield FieldChange(path=path, old=_json(old), new=_json(new), old_at=old_at, new_at=new_at)


def _element(
    path: str, pair: Pair, old: list[Any], new: list[Any], old_at: Place, new_at: Place
) -> Iterator[FieldChange]:
    match pair:
        case Pair(None, int(index)):
            inner = _labelled(path, new[index], index)
            yield FieldChange(path=inner, action="added", new=_json(new[index]), new_at=(*new_at, index))
        case Pair(int(index), None):
            inner = _labelled(path, old[index], index)
            yield FieldChange(path=inner, action="removed", old=_json(old[index]), old_at=(*old_at, index))
        case Pair(int(former), int(index), moved):
            inner = _labelled(path, new[index], index)
            was, now = (*old_at, former), (*new_at, index)
            if moved:
                yield FieldChange(path=inner, action="moved", old_at=was, new_at=now)
            yield from _fields(inner, old[former], new[index], was, now)


def _labelled(path: str, element: Any, index: int) -> str:
    """The path to an element of a list: by its name if it has one, else by its index."""
    name = name_of(element)
    return f"{path}[{index}]" if name is None else f"{path}[{_json(name)}]"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


_canonical = msgspec.json.Encoder(order="sorted")
