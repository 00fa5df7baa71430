"""What changes between two configurations, down to single fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, Literal

import msgspec

from buildledger.config.resolved import Configuration

SECTIONS = {
    "sources": "source",
    "workers": "worker",
    "locks": "lock",
    "builders": "builder",
    "triggers": "trigger",
    "repo_pipelines": "repository pipeline",
}
SETTINGS = ("server", "secrets")


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One field that differs; on one side it may not be there at all."""

    path: str
    """`steps[1].argv[3]`."""
    old: str | None
    """As JSON; None: it wasn't there."""
    new: str | None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of the configuration that is created, changed or removed."""

    action: Literal["created", "changed", "removed"]
    kind: str
    """`source`, `worker`, `lock`, `builder`, `trigger`, `repository pipeline`, `server` or `secrets`."""
    name: str
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

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.entries)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of `config diff` for these differences."""
        return ExitCode.CHANGES if self.entries else ExitCode.NOTHING

    def plan(self) -> tuple[str, ...]:
        """A line for each entry: `changed builder tests[3.12,linux]: steps[1].argv[3], retry.max`."""
        return tuple(_line(entry) for entry in self.entries)


FIELDS_IN_PLAN = 5


def diff(old: Configuration | None, new: Configuration) -> Diff:
    """What `new` changes; without an `old`, everything is created. Order of the file doesn't matter."""
    before = _plain(old) if old is not None else {}
    after = _plain(new)
    entries: list[Entry] = []
    for setting in SETTINGS:
        if fields := tuple(_fields("", before.get(setting, {}), after[setting])):
            action: Literal["created", "changed"] = "changed" if old is not None else "created"
            entries.append(Entry(action=action, kind=setting, name=setting, fields=fields if old else ()))
    for section, kind in SECTIONS.items():
        entries.extend(_section(kind, before.get(section, {}), after[section]))
    return Diff(entries=tuple(entries))


def _section(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Entry]:
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield Entry(action="created", kind=kind, name=name)
        elif name not in new:
            yield Entry(action="removed", kind=kind, name=name)
        elif fields := tuple(_fields("", old[name], new[name])):
            yield Entry(action="changed", kind=kind, name=name, fields=fields)


_MISSING = object()


def _fields(path: str, old: Any, new: Any) -> Iterator[FieldChange]:
    """Differences of two JSON values, as deep as both sides have the same shape."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            inner = f"{path}.{key}" if path else key
            yield from _fields(inner, old.get(key, _MISSING), new.get(key, _MISSING))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            one = old[index] if index < len(old) else _MISSING
            other = new[index] if index < len(new) else _MISSING
            yield from _fields(f"{path}[{index}]", one, other)
    elif old is _MISSING or new is _MISSING or (type(old), old) != (type(new), new):
        yield FieldChange(path=path, old=_json(old), new=_json(new))


def _json(value: Any) -> str | None:
    return None if value is _MISSING else msgspec.json.encode(value).decode()


def _plain(configuration: Configuration) -> dict[str, Any]:
    result: dict[str, Any] = msgspec.json.decode(configuration.to_json())
    return result


def _line(entry: Entry) -> str:
    paths = [field.path for field in entry.fields]
    shown = ", ".join(paths[:FIELDS_IN_PLAN])
    more = f" and {len(paths) - FIELDS_IN_PLAN} more" if len(paths) > FIELDS_IN_PLAN else ""
    name = "" if entry.name == entry.kind else f" {entry.name}"
    return f"{entry.action} {entry.kind}{name}" + (f": {shown}{more}" if shown else "")
