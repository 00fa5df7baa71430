"""What looks at the things that are stored beside the facts, while the facts are read once in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol
from uuid import UUID

from buildledger.audit.report import Check, Finding
from buildledger.events.build import BuildAssigned
from buildledger.events.codec import MalformedFactError, UnknownFactError, decode
from buildledger.events.fact import Fact, Recorded
from buildledger.ledger.errors import StoreError
from buildledger.ledger.store import FactQuery, FactStore


class Inspection(Protocol):
    """Compares one kind of stored things with what facts say of them. Used by one thread; changes nothing."""

    check: Check
    noun: str
    """What it counts, for people: `logs`."""
    facts: Sequence[type[Fact]]
    """What it wants to see, in their newest versions."""
    count: int
    """How many things it has looked at."""

    def see(self, seen: Recorded) -> Iterator[Finding]:
        """Take a fact; they come in the order of positions."""
        ...

    def close(self) -> Iterator[Finding]:
        """Take the end of the ledger, and let go of what is open."""
        ...


class BuildNames:
    """What builds are called, looked up for those that something is wrong with."""

    def __init__(self, store: FactStore) -> None:
        self._store = store
        self._known: dict[UUID, str] = {}

    def of(self, build_id: UUID) -> str:
        """`build 4f… of app`."""
        name = self._known.get(build_id)
        if name is None:
            name = self._known[build_id] = self._read(build_id)
        return name

    def _read(self, build_id: UUID) -> str:
        try:
            for stored in self._store.select_facts(FactQuery(stream_id=build_id, names=(BuildAssigned.NAME,)), 1):
                fact, _ = decode(stored.name, stored.body)
                if isinstance(fact, BuildAssigned):
                    return f"build {build_id} of {fact.builder}"
        except (StoreError, UnknownFactError, MalformedFactError):
            # the fact itself is damaged, which another check says
            return f"build {build_id}"
        return f"build {build_id}"
