"""What became of each thing of the old configuration: converted, with a note, with parts missing, or not converted."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import StrEnum

from buildledger.config.convert.buildbot.described import Place


class Kind(StrEnum):
    """The kinds of things that are counted, in the order in which they are listed."""

    BUILDERS = "builders"
    STEPS = "steps"
    WORKERS = "workers"
    LOCKS = "locks"
    SOURCES = "sources"
    PROPERTIES = "properties"
    SCHEDULERS = "schedulers"
    CHANGE_SOURCES = "change sources"
    REPORTERS = "reporters"
    SERVICES = "services"
    SECRETS = "secrets"
    SETTINGS = "settings"


class Status(StrEnum):
    """What became of a thing."""

    CONVERTED = "converted"
    NOTED = "converted with a note"
    PARTIAL = "with parts missing"
    UNCONVERTED = "not converted"


@dataclass(frozen=True)
class Remark:
    """Something that isn't as it was."""

    what: str
    """`doStepIf`, or the thing itself."""
    why: str
    instead: str
    """What to do about it; empty if nothing has to be done."""


class UnsayableError(Exception):
    """A value can't be said in the format."""

    def __init__(self, why: str, instead: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.instead = instead


@dataclass
class Entry:
    """One thing and what became of it."""

    kind: Kind
    name: str
    place: Place | None
    remarks: list[Remark] = field(default_factory=list)
    parts: list[Entry] = field(default_factory=list)
    """What it is made of: the steps of a builder."""
    lost: bool = False
    incomplete: bool = False

    def note(self, what: str, why: str, instead: str = "") -> None:
        """Something of it is different. Said once, however often it is found, and not of what is lost altogether."""
        if not self.lost:
            self._remark(Remark(what, why, instead))

    def miss(self, what: str, why: str, instead: str = "") -> None:
        """Something that it needs for its work isn't in the result."""
        self.incomplete = True
        self.note(what, why, instead)

    def refuse(self, why: str, instead: str = "") -> None:
        """Nothing of it is in the result."""
        if not self.lost:
            self.lost = True
            self.remarks.clear()
        self._remark(Remark("", why, instead))

    def _remark(self, remark: Remark) -> None:
        if remark not in self.remarks:
            self.remarks.append(remark)

    @property
    def status(self) -> Status:
        """What became of it: nothing is whole that has lost a part."""
        parts = {part.status for part in self.parts}
        if self.lost or parts == {Status.UNCONVERTED}:
            return Status.UNCONVERTED
        if self.incomplete or parts & {Status.PARTIAL, Status.UNCONVERTED}:
            return Status.PARTIAL
        return Status.NOTED if self.remarks else Status.CONVERTED


class Account:
    """Every thing of the old configuration, once."""

    def __init__(self) -> None:
        self._entries: dict[tuple[Kind, Hashable], Entry] = {}

    def entry(self, kind: Kind, key: Hashable, name: str, place: Place | None) -> Entry:
        """The entry of a thing; the same key is the same thing."""
        return self._entries.setdefault((kind, key), Entry(kind, name, place))

    @property
    def entries(self) -> list[Entry]:
        """All, by kind and then in the order in which they came."""
        order = list(Kind)
        return sorted(self._entries.values(), key=lambda entry: order.index(entry.kind))

    def by_key(self) -> dict[tuple[Kind, Hashable], Entry]:
        """All, by their kinds and keys."""
        return dict(self._entries)

    def counts(self) -> dict[Kind, dict[Status, int]]:
        """How many of each kind came to what; kinds that the configuration hasn't are left out."""
        counted: dict[Kind, dict[Status, int]] = {}
        for entry in self.entries:
            of_kind = counted.setdefault(entry.kind, dict.fromkeys(Status, 0))
            of_kind[entry.status] += 1
        return counted
