"""A row of a read model that isn't the one that the facts make is found and named, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from buildledger.audit.read_models import ReadModels
from buildledger.audit.report import Check, Finding
from buildledger.events.fact import Recorded
from buildledger.ledger.database import open_store
from buildledger.ledger.ledger import Ledger
from buildledger.projections.projector import Projector
from buildledger.projections.registry import BY_NAME, PROJECTIONS
from buildledger.projections.status_tables import build_state
from buildledger.projections.storage import open_storage
from buildledger.projections.stored_rows import begin_column, key_columns
from buildledger.projections.views import Views
from buildledger.testing.clock import VirtualClock
from tests.projections.samples import START
from tests.projections.world import World

ACTS = 120
MOST_TABLES = 15
"""So many have rows after that, and those that have none can't be altered."""


class Installation:
    """A ledger in which something has happened, and views of it."""

    def __init__(self, directory: Path, url: str) -> None:
        clock = VirtualClock(START)
        self.url = url
        self.directory = directory / "views"
        self.database = None if url.startswith("sqlite") else url
        self.ledger = Ledger.open(url, clock=clock)
        self.world = World(self.ledger, seed=3, clock=clock)
        self.views = Views(open_storage(self.directory, self.database))
        self.projector = Projector(self.ledger, self.views)
        self.world.act(ACTS)
        self.projector.catch_up()

    def findings(self, before_comparing: Callable[[], None] = lambda: None) -> list[Finding]:
        """What an audit says of the read models."""
        with closing(open_store(self.url, read_only=True)) as store:
            models = ReadModels(store, self.directory, self.database)
            found = [finding for fact in self.ledger.read(0, 100_000) for finding in models.see(fact)]
            before_comparing()
            found += models.close()
            assert models.count > 0
        assert {finding.check for finding in found} <= {Check.READ_MODELS}
        return found

    def execute(self, name: str, statement: sa.Executable, parameters: dict[str, Any] | None = None) -> None:
        """Change rows behind the projector's back."""
        with self.views.view(name)._transaction() as connection:
            assert connection.execute(statement, parameters or {}).rowcount

    def rows(self, name: str, table: sa.Table) -> list[dict[str, Any]]:
        """What is stored, by the positions that it begins at."""
        with self.views.view(name).snapshot() as snapshot:
            query = table.select().order_by(begin_column(table))
            return [dict(row) for row in snapshot.connection.execute(query).mappings()]

    def close(self) -> None:
        """Let go of all of it."""
        self.views.close()
        self.ledger.close()


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    installation = Installation(tmp_path, database_url)
    yield installation
    installation.close()


def _is(table: sa.Table, row: dict[str, Any]) -> sa.ColumnElement[bool]:
    return sa.and_(*(table.c[name] == row[name] for name in (begin_column(table).name, *key_columns(table))))


def test_rows_altered_deleted_and_added_are_named(installation: Installation) -> None:
    """In every table of every read model, with table, key and column, and what facts say instead."""
    assert installation.findings() == []
    expected: set[tuple[str, str]] = set()
    tried = 0
    for projection in PROJECTIONS:
        for table in projection.METADATA.sorted_tables:
            place = f"read model {projection.NAME}, table {table.name}, row "
            rows = installation.rows(projection.NAME, table)
            begin = begin_column(table).name
            if len(rows) < 2:
                continue
            tried += 1
            positions = {row[begin] for row in rows}
            free = next(position for position in range(1, rows[-1][begin]) if position not in positions)
            # uniqueness keeps nobody out who adds rows by other means
            with installation.views.view(projection.NAME)._transaction() as connection:
                for index in table.indexes:
                    if index.unique:
                        index.drop(connection)
            first, second = rows[0], rows[-1]
            others = [c for c in table.columns if isinstance(c.type, sa.Text) and c.name not in key_columns(table)]
            if others:
                changed = {others[0].name: "altered"}
                installation.execute(projection.NAME, table.update().where(_is(table, first)).values(changed))
                expected.add((place, f"{others[0].name} is 'altered', the facts say"))
            installation.execute(projection.NAME, table.delete().where(_is(table, second)))
            expected.add((place, "it is missing"))
            installation.execute(projection.NAME, table.insert(), {**second, begin: free})
            expected.add((place, "no fact says so"))
    assert tried >= MOST_TABLES
    found = installation.findings()
    missed = [
        each for each in expected if not any(f.subject.startswith(each[0]) and each[1] in f.detail for f in found)
    ]
    assert not missed
    assert len(found) == len(expected)
    assert all(finding.advice.startswith("`buildledger projections rebuild") for finding in found)


def test_a_running_server_goes_on(installation: Installation) -> None:
    """Rows are compared as of a position that both have reached; what is written meanwhile is no finding."""
    # the read models are behind
    installation.world.act(20)
    assert installation.findings() == []

    def go_on() -> None:
        installation.world.act(20)
        installation.projector.catch_up()

    # and then ahead
    assert installation.findings(go_on) == []
    last = installation.rows("status", build_state)[-1]
    installation.execute("status", build_state.update().where(_is(build_state, last)).values(summary="altered"))
    (finding,) = installation.findings(lambda: None)
    assert (finding.position, "summary is 'altered'" in finding.detail) == (last["since"], True)


def test_an_end_that_was_altered_is_named_by_where_it_differs(installation: Installation) -> None:
    """Of a version that ends earlier than facts say, later, never, or where nothing can have ended."""
    ended = next(row for row in installation.rows("status", build_state) if row["until"] is not None)
    until = ended["until"]
    for other, position in ((None, until), (until - 1, until - 1), (until + 1, until), (10**9, until)):
        change = build_state.update().where(_is(build_state, ended)).values(until=other)
        installation.execute("status", change)
        (finding,) = installation.findings()
        assert finding.position == position
        assert f"the facts say {until}" in finding.detail
    installation.execute("status", build_state.update().where(_is(build_state, ended)).values(until=until))
    lasting = next(row for row in installation.rows("status", build_state) if row["until"] is None)
    installation.execute("status", build_state.update().where(_is(build_state, lasting)).values(until=10**9))
    (finding,) = installation.findings()
    assert "until is 1000000000" in finding.detail


@pytest.mark.parametrize("moved", [1_000_000, -5])
def test_a_read_model_that_stands_elsewhere_is_named(installation: Installation, moved: int) -> None:
    """Further than the ledger, or where it has rows that begin later."""
    position = installation.views.view("status")._position._table
    rows = sa.update(position).values(position=position.c.position + moved)
    with installation.views.view("status")._transaction() as connection:
        if moved < 0:
            last = max(row["since"] for row in installation.rows("status", build_state))
            rows = sa.update(position).values(position=last + moved)
        connection.execute(rows)
    found = installation.findings()
    assert found
    assert all(finding.subject.startswith("read model status") for finding in found)
    assert any("stands at" in finding.detail or "hasn't reached" in finding.detail for finding in found)


def test_what_is_not_there_is_made_anew(installation: Installation) -> None:
    """A read model that was removed is no finding, for the server makes it from the facts at its next start."""
    storage = installation.views.storage
    for name in ("status", "queue"):
        installation.views.view(name).close()
        storage.drop(BY_NAME[name], 1)
    assert installation.findings() == []


def test_a_fact_that_no_projection_can_take_is_named(installation: Installation) -> None:
    """As if one that it builds on were gone; all others are compared all the same."""
    with closing(open_store(installation.url, read_only=True)) as store:
        models = ReadModels(store, installation.directory, installation.database)
        facts: list[Recorded] = [
            fact for fact in installation.ledger.read(0, 100_000) if fact.name != "build.assigned.v1"
        ]
        found = [finding for fact in facts for finding in models.see(fact)] + [*models.close()]
    said = [finding.detail for finding in found if "can't be one of its rows" in finding.detail]
    assert said
    assert any(finding.subject.startswith("read model status") for finding in found)
