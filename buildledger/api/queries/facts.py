"""Finding facts, and how they are answered."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple, cast
from uuid import UUID

import msgspec
from fastapi import Depends, Query

from buildledger.api.http.dependencies import ApiDependencies
from buildledger.api.models.ledger import Fact
from buildledger.api.models.limits import LISTED_CHARACTERS
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.events.catalogue import BY_NAME
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Recorded
from buildledger.ledger.ledger import Ledger

NAMES_MAX = 50
"""Names in one filter."""
WINDOW_FACTS = 1_000
SCANNED_MAX = 20_000
"""Facts looked at for one page; a filter that finds little there leaves the rest to the next page."""


@dataclass(frozen=True, kw_only=True)
class FactFilter:
    """A filter of facts; a fact has to fit all its conditions."""

    names: frozenset[str] | None
    """Stored names; None: all."""
    stream: UUID | None
    correlation: UUID | None

    @classmethod
    def of(cls, names: Iterable[str] | None, stream: UUID | None, correlation: UUID | None) -> FactFilter:
        """A filter whose names may be only what stored names begin with."""
        known = None if names is None else frozenset(name for name in BY_NAME if name.startswith(tuple(names)))
        return cls(names=known, stream=stream, correlation=correlation)

    def matches(self, recorded: Recorded) -> bool:
        """Whether a fact fits all conditions."""
        return (
            (self.names is None or recorded.name in self.names)
            and (self.stream is None or recorded.stream_id == self.stream)
            and (self.correlation is None or recorded.meta.correlation_id == self.correlation)
        )


async def _wanted_facts(
    name: Annotated[
        list[str] | None,
        Query(
            max_length=NAMES_MAX,
            description="Only facts with these stored names, or names that begin so: `build.`",
            examples=["build."],
        ),
    ] = None,
    stream: Annotated[UUID | None, Query(description="Only facts of this stream.")] = None,
    correlation: Annotated[
        UUID | None, Query(description="Only facts of this correlation: everything that one request led to.")
    ] = None,
) -> FactFilter:
    return FactFilter.of(name, stream, correlation)


WantedFacts = Annotated[FactFilter, Depends(_wanted_facts)]
"""As a parameter of an endpoint: which facts are asked for. Brings the parameters `name`, `stream`, `correlation`."""


class Found(NamedTuple):
    """The facts of a page, and the position behind which the next begins; None: there is no next."""

    facts: Sequence[Recorded]
    go_on: int | None


def find_page(
    ledger: Ledger,
    wanted: FactFilter,
    *,
    limit: int,
    after: int,
    until: int,
    begin: int | None,
    order: Literal["asc", "desc"],
) -> Found:
    """Up to `limit` wanted facts at after < position ≤ until, from behind `begin` on; blocks."""
    if wanted.names is not None and not wanted.names:
        return Found((), None)
    if order == "asc":
        return _forwards(ledger, wanted, limit, max(after, begin or 0), until)
    return _backwards(ledger, wanted, limit, after, until if begin is None else min(until, begin - 1))


def _forwards(ledger: Ledger, wanted: FactFilter, limit: int, position: int, until: int) -> Found:
    found: list[Recorded] = []
    scanned = 0
    while position < until:
        window = ledger.read(position, min(WINDOW_FACTS, limit * 4), wanted.names or ())
        for recorded in window:
            if recorded.position > until:
                return Found(found, None)
            position = recorded.position
            if wanted.matches(recorded):
                found.append(recorded)
                if len(found) == limit:
                    return Found(found, position if position < until else None)
        scanned += len(window)
        if not window:
            return Found(found, None)
        if scanned >= SCANNED_MAX:
            return Found(found, position)
    return Found(found, None)


def _backwards(ledger: Ledger, wanted: FactFilter, limit: int, after: int, position: int) -> Found:
    found: list[Recorded] = []
    scanned = 0
    while position > after:
        first = max(after, position - min(WINDOW_FACTS, limit * 4))
        for recorded in reversed(ledger.read(first, position - first)):
            if wanted.matches(recorded):
                found.append(recorded)
                if len(found) == limit:
                    return Found(found, recorded.position if recorded.position > after + 1 else None)
        scanned += position - first
        position = first
        if scanned >= SCANNED_MAX and position > after:
            return Found(found, position + 1)
    return Found(found, None)


def as_facts(deps: ApiDependencies, facts: Sequence[Recorded], *, whole: bool = False) -> list[Fact]:
    """Facts as they are answered, with the names of the people who caused them; very long texts only if `whole`."""
    with deps.views.read(None, "people") as (people,):
        personal = PersonalDataResolver(deps.vault, people)
        personal.load(actors={recorded.meta.actor for recorded in facts})
    return [_as_fact(recorded, personal, whole=whole) for recorded in facts]


def _as_fact(recorded: Recorded, personal: PersonalDataResolver, *, whole: bool) -> Fact:
    meta, fact = recorded.meta, recorded.fact
    left_out: list[str] = []
    if isinstance(fact, ConfigApplied) and len(fact.text) > LISTED_CHARACTERS and not whole:
        fact, left_out = msgspec.structs.replace(fact, text=""), ["text"]
    return Fact(
        position=recorded.position,
        stream_id=recorded.stream_id,
        version=recorded.version,
        name=recorded.name,
        recorded_at=meta.recorded_at,
        actor=personal.actor(meta.actor),
        command_id=meta.command_id,
        causation_id=meta.causation_id,
        correlation_id=meta.correlation_id,
        left_out=left_out,
        data=cast("dict[str, Any]", fact),  # encoded as an object all the same, without a copy of it
    )


class _Times(Sequence[datetime]):
    """The times of all positions as a sequence for `bisect`, read one at a time."""

    def __init__(self, ledger: Ledger, head: int) -> None:
        self._ledger, self._head = ledger, head

    def __len__(self) -> int:
        return self._head

    def __getitem__(self, index: Any) -> Any:
        return self._ledger.read(index, 1)[0].meta.recorded_at


def position_at(ledger: Ledger, time: datetime) -> tuple[int, datetime | None]:
    """The last position at or before a time, and its time; some twenty small reads.

    Clocks of several servers differ by little; where they do, the answer is one of the positions around that time.
    """
    times = _Times(ledger, ledger.head())
    position = bisect_right(times, time)
    return position, times[position - 1] if position else None
