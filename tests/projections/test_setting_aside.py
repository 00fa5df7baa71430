"""A reader that meets what it can't hold goes on without it and says so; one that waits for something goes on later."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

import pytest
import sqlalchemy as sa
from eventsourcing.persistence import StoredEvent

from buildledger.domain import worker_rules
from buildledger.domain.worker import PauseWorker
from buildledger.events.change import ChangeRecorded
from buildledger.events.codec import encode
from buildledger.events.fact import Fact, Metadata, Recorded
from buildledger.events.ids import ServerId, worker_id
from buildledger.events.projection import ProjectionSkipped
from buildledger.events.worker import PausedBy, WorkerConnected
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.skipping import is_passing, skip, wait_seconds
from buildledger.ledger.submission import Origin
from buildledger.projections.projection import ProjectionWriter
from buildledger.projections.projector import Projector
from buildledger.projections.rebuild import rebuild
from buildledger.projections.registry import BY_NAME
from buildledger.projections.skipped import skipped_facts
from buildledger.projections.storage import PostgresViews, SqliteViews, ViewStorage
from buildledger.projections.views import Views
from tests.projections.samples import START
from tests.projections.world import World

DEADLINE_SECONDS = 20.0


def store_unchecked(ledger: Ledger, worker: str, capacity: int, os: str) -> int:
    """A worker's connection as an earlier version would have stored it, whatever it says."""
    fact = WorkerConnected(
        worker=worker,
        epoch=1,
        server_id=ServerId(uuid4()),
        boot_id="b",
        instance_id="i",
        version="1",
        os=os,
        arch="x",
        capacity=capacity,
    )
    meta = Metadata(recorded_at=START, actor="system", command_id=uuid4())
    _, version = ledger.load(worker_rules.AGGREGATE, worker_id(worker))
    event = StoredEvent(worker_id(worker), version + 1, fact.NAME, encode(fact, meta))
    return ledger.store.insert_events([event])[0]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> ViewStorage:
    """Where views are kept, of each kind in turn."""
    if request.param == "sqlite":
        return SqliteViews(tmp_path / "views")
    return PostgresViews(request.getfixturevalue("postgresql_url"))


def test_a_fact_that_a_database_cannot_hold_is_set_aside(world: World, ledger: Ledger, storage: ViewStorage) -> None:
    """Recorded once with its reason; facts before and after it are in the rows, a rebuild comes to the same."""
    world.commit("main")
    position = store_unchecked(ledger, "w1", 2**63, "linux")
    pause = PauseWorker(worker="w2", by=PausedBy.PERSON, reason="seen")
    after = ledger.execute_blocking(pause, origin=Origin(actor="system")).position
    views = Views(storage)
    projector = Projector(ledger, views)
    projector.catch_up()
    (skipped,) = skipped_facts(ledger)["workers"]
    assert (skipped.position, skipped.fact) == (position, "worker.connected.v1")
    assert "sql" not in skipped.reason.lower().replace("sqlite", "")
    assert {state.position for state in projector.states()} == {ledger.head()}
    assert not [state for state in projector.states() if state.error]
    with views.read(None, "workers") as (workers,):
        table = workers.table(BY_NAME["workers"].METADATA.tables["view.worker"])
        rows = {row.pause_reason: row for row in workers.all(sa.select(table))}
    assert rows["seen"].since == after
    head = ledger.head()
    rebuilt = rebuild(ledger, storage, BY_NAME["workers"])
    assert (rebuilt.position(), ledger.head()) == (head, head), "what is known to be set aside isn't recorded again"
    rebuilt.close()
    views.close()


class Starved:
    """A projection of commits for which files run out while `starving`."""

    NAME: ClassVar[str] = "starved"
    VERSION: ClassVar[int] = 1
    METADATA: ClassVar[sa.MetaData] = sa.MetaData()
    FACTS: ClassVar[frozenset[type[Fact]]] = frozenset({ChangeRecorded})
    starving = False

    def writer(self) -> ProjectionWriter:
        """See `Projection`."""
        return StarvedWriter(self)


class StarvedWriter:
    """See `Starved`."""

    def __init__(self, projection: Starved) -> None:
        self._projection = projection

    def apply(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        """See `ProjectionWriter`."""
        if self._projection.starving:
            raise OSError(errno.EMFILE, "Too many open files")


def test_a_cause_that_passes_stops_nothing_for_good(world: World, ledger: Ledger, tmp_path: Path) -> None:
    """The view stands still and says so, nobody is told that everything is visible, the others go on; then it does."""
    starved = Starved()
    views = Views(SqliteViews(tmp_path / "views"), (BY_NAME["changes"], starved))
    projector = Projector(ledger, views)
    projector.start()
    world.commit("main")
    assert views.progress.reached_blocking(ledger.head(), DEADLINE_SECONDS)
    starved.starving = True
    world.commit("main")
    stands = ledger.head()
    for _ in range(1_000):
        states = {state.name: state for state in projector.states()}
        if views.progress.standing and states["changes"].position == stands:
            break
        views.progress.reached_blocking(stands, 0.02)
    assert states["starved"].error == "OSError: [Errno 24] Too many open files"
    assert states["starved"].position < stands == states["changes"].position
    assert (views.progress.standing, views.progress.position < stands) == (True, True)
    starved.starving = False
    assert views.progress.reached_blocking(stands, DEADLINE_SECONDS), "no restart was needed"
    assert (views.progress.standing, skipped_facts(ledger)) == (False, {})
    assert {state.status for state in projector.states()} == {"following"}
    projector.close()
    views.close()


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (OSError(errno.EMFILE, "files"), True),
        (MemoryError(), True),
        (sa.exc.OperationalError("", {}, Exception("database is locked")), True),
        (sa.exc.DatabaseError("", {}, Exception("database disk image is malformed")), True),
        (sa.exc.InterfaceError("", {}, Exception("connection closed")), True),
        (sa.exc.TimeoutError("no connection is free"), True),
        (sa.exc.DataError("", {}, Exception("NUL")), False),
        (sa.exc.IntegrityError("", {}, Exception("UNIQUE")), False),
        (OverflowError("Python int too large"), False),
        (KeyError("x"), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_what_passes_and_what_is_wrong_with_a_fact(error: Exception, passing: bool) -> None:
    """What ran out or is away is waited for; what a value is blamed for isn't."""
    assert is_passing(error) == passing


def test_waits_grow_up_to_some_seconds() -> None:
    """Soon at first, and never longer than somebody who mended the cause would wait."""
    assert [wait_seconds(failures) for failures in (1, 2, 3, 50)] == [0.1, 0.2, 0.4, 5.0]


def test_what_says_that_a_fact_was_set_aside_is_never_set_aside_by_a_fact(ledger: Ledger) -> None:
    """Or there would be no end of it."""
    meta = Metadata(recorded_at=START, actor="system", command_id=uuid4())
    said = ProjectionSkipped(reader="x", reader_version=1, position=1, fact="y", reason="z")
    recorded = Recorded(position=2, stream_id=uuid4(), version=1, name=said.NAME, fact=said, meta=meta)
    assert skip("x", 1, recorded, ValueError()) is None
