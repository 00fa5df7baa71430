"""Whether the rows of every read model are those that the facts make: all are made again aside, and compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from buildledger.audit.checks import first_line
from buildledger.audit.report import Check, Finding
from buildledger.audit.row_differences import Difference, differences
from buildledger.events.codec import MalformedFactError, UnknownFactError, decode
from buildledger.events.fact import Fact, Recorded
from buildledger.events.projection import ProjectionSkipped
from buildledger.ledger.errors import StoreError
from buildledger.ledger.skipping import reason_of
from buildledger.ledger.store import FactQuery, FactStore
from buildledger.projections.projection import Projection
from buildledger.projections.registry import PROJECTIONS
from buildledger.projections.stored_rows import RowsAside, StoredRows, key_columns, stored_rows

BATCH_FACTS = 5_000
FAILED_MAX = 20
"""Facts that a projection can't take, each by itself, before it is given up."""
DIFFERENCES_MAX = 1_000
"""Rows of one read model that are named, before the rest is said to differ too."""
SHOWN_CHARACTERS = 60


class ReadModels:
    """See `Inspection`. The server may go on: rows are compared as of a position that both have reached.

    A read model that isn't there is no finding, for the server makes it anew.
    """

    check = Check.READ_MODELS
    noun = "rows of read models"
    facts: Sequence[type[Fact]] = tuple({kind for projection in PROJECTIONS for kind in projection.FACTS})

    def __init__(self, store: FactStore, directory: Path, database: str | None) -> None:
        """Stored in `directory`, or in the PostgreSQL database of that URL."""
        self._store = store
        self._directory, self._database = directory, database
        self._last = store.head()
        skipped = _skipped(store)
        self._made = [_Made(projection, skipped.get(projection.NAME, frozenset())) for projection in PROJECTIONS]
        self._waiting: list[Recorded] = []
        self.count = 0

    def see(self, seen: Recorded) -> Iterator[Finding]:
        """See `Inspection`."""
        self._waiting.append(seen)
        self._last = max(self._last, seen.position)
        if len(self._waiting) == BATCH_FACTS:
            self._feed()
        yield from ()

    def close(self) -> Iterator[Finding]:
        """See `Inspection`."""
        self._feed()
        for made in self._made:
            yield from made.findings
            if not made.given_up:
                yield from self._compared(made)
            made.close()

    def _feed(self) -> None:
        for made in self._made:
            made.take(self._waiting)
        self._waiting = []

    def _compared(self, made: _Made) -> Iterator[Finding]:
        projection = made.projection
        try:
            with stored_rows(self._directory, self._database, projection) as stored:
                if stored is not None:
                    yield from self._differing(made, stored)
        except (sa.exc.SQLAlchemyError, OSError, ValueError) as error:
            yield _finding(projection, 1, f"it can't be read: {first_line(error)}")

    def _differing(self, made: _Made, stored: StoredRows) -> Iterator[Finding]:
        projection, head = made.projection, self._store.head()
        if stored.position > head:
            yield _finding(projection, head, f"it stands at {stored.position}, the ledger ends at {head}")
        at, found = min(stored.position, self._last), 0
        for table in projection.METADATA.sorted_tables:
            for difference in differences(made.rows, stored, table, at):
                self.count += 1
                if difference is None:
                    continue
                found += 1
                if found > DIFFERENCES_MAX:
                    yield _finding(projection, difference.position, "further rows differ", table)
                    return
                yield _finding(projection, difference.position, _told(difference), table, _key(table, difference.row))


class _Made:
    """A read model that is made aside."""

    def __init__(self, projection: Projection, skipped: frozenset[int]) -> None:
        self.projection = projection
        self.rows = RowsAside(projection)
        self.findings: list[Finding] = []
        self.given_up = False
        self._skipped = skipped

    def take(self, facts: Sequence[Recorded]) -> None:
        """Write what it wants of these facts, without those that the server's read model went on without."""
        wanted = self.projection.FACTS
        chosen = [each for each in facts if type(each.fact) in wanted and each.position not in self._skipped]
        if not chosen or self.given_up:
            return
        try:
            self.rows.apply(chosen)
        except Exception:
            self._one_by_one(chosen)

    def close(self) -> None:
        """Let go of the rows."""
        self.rows.close()

    def _one_by_one(self, facts: Sequence[Recorded]) -> None:
        for fact in facts:
            try:
                self.rows.apply([fact])
            except Exception as error:
                said = (
                    f"the fact at position {fact.position} ({fact.name}) can't be one of its rows: {reason_of(error)}"
                )
                self.findings.append(_finding(self.projection, fact.position, said))
                if len(self.findings) == FAILED_MAX:
                    self.given_up = True
                    self.findings.append(_finding(self.projection, fact.position, "it is compared no further"))
                    return


def _skipped(store: FactStore) -> dict[str, frozenset[int]]:
    """Which positions each read model goes on without, as facts say it."""
    found: dict[str, set[int]] = {}
    versions = {projection.NAME: projection.VERSION for projection in PROJECTIONS}
    after = 0
    try:
        while batch := store.select_facts(FactQuery(after=after, names=(ProjectionSkipped.NAME,)), BATCH_FACTS):
            after = batch[-1].position
            for stored in batch:
                try:
                    fact = decode(stored.name, stored.body)[0]
                except (UnknownFactError, MalformedFactError):
                    continue
                if isinstance(fact, ProjectionSkipped) and versions.get(fact.reader) == fact.reader_version:
                    found.setdefault(fact.reader, set()).add(fact.position)
    except StoreError:
        # which another check says
        pass
    return {name: frozenset(positions) for name, positions in found.items()}


def _told(difference: Difference) -> str:
    if difference.beyond:
        return f"it begins at position {difference.position}, which the read model says it hasn't reached"
    if difference.stored is None:
        return "it is missing"
    if difference.made is None:
        return "no fact says so"
    made, stored = difference.made, difference.stored
    return "; ".join(
        f"{name} is {_shown(stored[name])}, the facts say {_shown(made[name])}"
        for name in made
        if made[name] != stored[name] or type(made[name]) is not type(stored[name])
    )


def _key(table: sa.Table, row: dict[str, Any]) -> str:
    names = dict.fromkeys([*key_columns(table), *(name for name in ("id", "builder") if name in table.c)])
    return ", ".join(f"{name} {_shown(row[name])}" for name in names)


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return str(UUID(bytes=value)) if len(value) == 16 else value[:SHOWN_CHARACTERS].hex()
    shown = "nothing" if value is None else repr(value)
    return shown if len(shown) <= SHOWN_CHARACTERS else f"{shown[:SHOWN_CHARACTERS]}…"


def _finding(
    projection: Projection, position: int, detail: str, table: sa.Table | None = None, key: str = ""
) -> Finding:
    place = "" if table is None else f", table {table.name}"
    return Finding(
        check=Check.READ_MODELS,
        position=position,
        last=position,
        subject=f"read model {projection.NAME}{place}{f', row {key}' if key else ''}",
        detail=detail,
        affects="pages and answers of the API that show it are wrong",
    )
