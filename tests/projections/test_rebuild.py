"""Rebuilt = incremental, row for row, whatever happened and however it was cut into batches."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buildledger.ledger.ledger import Ledger
from buildledger.projections.projector import Projector
from buildledger.projections.rebuild import rebuild
from buildledger.projections.registry import BY_NAME, PROJECTIONS
from buildledger.projections.storage import PostgresViews, SqliteViews, ViewStorage
from buildledger.projections.views import Views
from buildledger.testing.clock import VirtualClock
from buildledger.testing.views import first_difference, rows_of
from tests.projections.samples import START
from tests.projections.world import World


def feed_in_pieces(ledger: Ledger, views: Views, randomness: random.Random) -> None:
    """Apply everything in batches of random sizes, forgetting all memory now and then, as a restart would."""
    for view in (views.view(name) for name in BY_NAME):
        while view.position() < ledger.head():
            facts = ledger.read(view.position(), randomness.choice((1, 2, 3, 7, 40)))
            view.apply(view.position(), facts)
            if randomness.random() < 0.2:
                view.save_position()
                view.recover()


@given(seed=st.integers(0, 2**32), length=st.integers(5, 160))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_rebuilt_equals_incremental(seed: int, length: int) -> None:
    """Any history gives the same rows fact by fact, in batches with restarts between them, and rebuilt at once."""
    with tempfile.TemporaryDirectory() as directory:
        clock = VirtualClock(START)
        ledger = Ledger.open(f"sqlite:///{directory}/ledger.db", clock=clock)
        views = Views(SqliteViews(Path(directory) / "views"))
        try:
            World(ledger, seed, clock).act(length)
            feed_in_pieces(ledger, views, random.Random(seed))
            for projection in PROJECTIONS:
                rebuilt = rebuild(ledger, views.storage, projection)
                assert first_difference(views.view(projection.NAME), rebuilt) is None
                rebuilt.close()
        finally:
            views.close()
            ledger.close()


@pytest.mark.postgresql
def test_postgresql_says_the_same(
    world: World, ledger: Ledger, views: Views, projector: Projector, postgresql_url: str
) -> None:
    """PostgreSQL's rows are SQLite's rows."""
    world.act(200)
    projector.catch_up()
    storage: ViewStorage = PostgresViews(postgresql_url)
    others = Views(storage)
    Projector(ledger, others).catch_up()
    for projection in PROJECTIONS:
        assert first_difference(views.view(projection.NAME), others.view(projection.NAME)) is None
        rebuilt = rebuild(ledger, storage, projection)
        assert storage.current(projection) == 2
        assert first_difference(views.view(projection.NAME), rebuilt) is None
        rebuilt.close()
        assert others.follow_switch(projection.NAME)
    others.close()


def test_a_running_server_changes_over(world: World, ledger: Ledger, views: Views, projector: Projector) -> None:
    """While a view is rebuilt beside the live one, the live one answers; afterwards the new one goes on from there."""
    world.act(100)
    projector.catch_up()
    rebuild(ledger, views.storage, BY_NAME["status"]).close()
    former = views.view("status")
    world.act(50)
    assert views.follow_switch("status")
    projector.catch_up()
    assert former.generation == 1
    assert views.view("status").generation == 2
    assert views.view("status").position() == ledger.head()
    reference = views.storage.open(BY_NAME["status"], 9)
    reference.apply(0, ledger.read(0, 100_000))
    assert first_difference(views.view("status"), reference) is None
    reference.close()


def test_a_rebuild_that_fails_leaves_the_live_view_alone(
    world: World, ledger: Ledger, views: Views, projector: Projector
) -> None:
    """A rebuild that is broken off is as if it had never begun."""
    world.act(60)
    projector.catch_up()
    before = list(rows_of(views.view("status")))

    def stop(position: int, head: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(ledger, views.storage, BY_NAME["status"], progress=stop)
    assert views.storage.current(BY_NAME["status"]) == 1
    assert views.storage.generations(BY_NAME["status"]) == [1]
    assert list(rows_of(views.view("status"))) == before


def test_stale_generations_are_deleted_at_the_start(
    world: World, ledger: Ledger, views: Views, projector: Projector, tmp_path: Path
) -> None:
    """What a rebuild has replaced is gone after the next start."""
    world.act(30)
    projector.catch_up()
    rebuild(ledger, views.storage, BY_NAME["queue"]).close()
    again = Views(SqliteViews(tmp_path / "views"))
    assert again.view("queue").generation == 2
    assert again.storage.generations(BY_NAME["queue"]) == [2]
    again.close()
