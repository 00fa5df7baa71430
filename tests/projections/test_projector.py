"""The thread that feeds the views: exactly once, and without a word lost about what can't be held."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest
import sqlalchemy as sa

from buildledger.events.change import ChangeRecorded
from buildledger.events.fact import Fact, Recorded
from buildledger.events.results import Result
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.reader import PositionConflict
from buildledger.projections.feed import Feed
from buildledger.projections.projection import ProjectionWriter
from buildledger.projections.projector import Projector
from buildledger.projections.registry import BY_NAME, PROJECTIONS
from buildledger.projections.skipped import skipped_facts
from buildledger.projections.storage import PostgresViews, SqliteViews
from buildledger.projections.views import Views
from buildledger.testing.views import first_difference
from tests.projections.world import World

DEADLINE_SECONDS = 20.0


class Brittle:
    """A projection that counts commits and can't bear the third."""

    NAME: ClassVar[str] = "brittle"
    VERSION: ClassVar[int] = 1
    METADATA: ClassVar[sa.MetaData] = sa.MetaData()
    FACTS: ClassVar[frozenset[type[Fact]]] = frozenset({ChangeRecorded})

    def writer(self) -> ProjectionWriter:
        """See `Projection`."""
        return BrittleFold()


class BrittleFold:
    """See `Brittle`."""

    def apply(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        """See `ProjectionWriter`."""
        if any(isinstance(one.fact, ChangeRecorded) and one.fact.revision.endswith("3") for one in batch):
            raise ValueError("the third is too much")


def test_what_is_committed_is_soon_visible(world: World, views: Views, projector: Projector) -> None:
    """The thread follows by itself, and whoever waits for a position is woken when every view is there."""
    projector.start()
    for _ in range(20):
        world.act(5)
        assert views.progress.reached_blocking(world.ledger.head(), DEADLINE_SECONDS)
    assert {state.position for state in projector.states()} == {world.ledger.head()}
    projector.close()


def test_a_projection_that_fails_on_a_fact_goes_on_without_it(world: World, ledger: Ledger, tmp_path: Path) -> None:
    """The fact is set aside by name and position, all others are in the rows, and everybody sees everything."""
    views = Views(SqliteViews(tmp_path / "brittle"), (BY_NAME["changes"], Brittle()))
    projector = Projector(ledger, views)
    projector.start()
    for _ in range(4):
        world.commit("main")
    assert views.progress.reached_blocking(world.ledger.head(), DEADLINE_SECONDS)
    (skipped,) = skipped_facts(ledger)["brittle"]
    assert (skipped.fact, skipped.reason) == ("change.recorded.v2", "ValueError: the third is too much")
    assert views.progress.reached_blocking(world.ledger.head(), DEADLINE_SECONDS)
    assert {(state.status, state.position) for state in projector.states()} == {("following", ledger.head())}
    projector.close()
    views.close()


def test_two_projectors_on_one_database_do_the_work_once(
    world: World, ledger: Ledger, views: Views, projector: Projector, tmp_path: Path
) -> None:
    """Whoever comes second is told so, writes nothing, and goes on from where the other is."""
    rival_views = Views(SqliteViews(tmp_path / "views"))
    rival = Projector(ledger, rival_views)
    projector.start()
    rival.start()
    for _ in range(15):
        world.act(10)
    head = ledger.head()
    assert views.progress.reached_blocking(head, DEADLINE_SECONDS)
    assert rival_views.progress.reached_blocking(head, DEADLINE_SECONDS)
    projector.close()
    rival.close()
    assert not [state for state in (*projector.states(), *rival.states()) if state.error]
    reference = Views(SqliteViews(tmp_path / "reference"))
    Projector(ledger, reference).catch_up()
    for projection in PROJECTIONS:
        assert first_difference(views.view(projection.NAME), reference.view(projection.NAME)) is None
    reference.close()
    rival_views.close()


@pytest.mark.postgresql
def test_a_process_that_feeds_nothing_follows_those_that_do(world: World, ledger: Ledger, postgresql_url: str) -> None:
    """Beside the process that feeds the views another one sees how far they are, changed or not."""
    fed, read = (Views(PostgresViews(postgresql_url)) for _ in range(2))
    read.follow_others()
    projector = Projector(ledger, fed)
    projector.start()
    for _ in range(3):
        world.act(10)
        assert read.progress.reached_blocking(ledger.head(), DEADLINE_SECONDS)
        with read.read(None, "status", "people") as (status, people):
            assert status.position == people.position == ledger.head()
    projector.close()
    fed.close()
    read.close()


def test_a_view_moves_from_where_it_stands_only(world: World, ledger: Ledger, views: Views) -> None:
    """A batch for another place is refused and leaves nothing behind."""
    world.commit("main")
    view = views.view("changes")
    facts = ledger.read(0, 100)
    with pytest.raises(PositionConflict):
        view.apply(1, facts)
    view.apply(0, facts)
    with pytest.raises(PositionConflict):
        view.apply(0, facts)
    assert view.position() == ledger.head()


def test_the_past_stays_readable(world: World, views: Views, projector: Projector) -> None:
    """A reading of several views is one moment for all of them, whichever of them is ahead."""
    world.build_once("lint", Result.SUCCESS, at=world.commit("main"))
    projector.catch_up()
    middle = world.ledger.head()
    world.build_once("lint", Result.FAILURE, at=world.commit("main"))
    facts = world.ledger.read(middle, 1_000)
    views.view("status").apply(middle, facts)
    with views.read(None, "status", "changes") as (status, changes):
        assert status.position == changes.position == middle
    projector.catch_up()
    with views.read(None, "status", "changes") as (status, changes):
        assert status.position == changes.position == world.ledger.head()


def test_facts_that_come_again_are_applied_once(world: World, views: Views) -> None:
    """A batch that overlaps with what its view has seen is cut; the view takes the new facts at once."""
    feed = Feed(world.ledger, views, BY_NAME["status"])
    world.act(60)
    facts = world.ledger.read(0, 1_000)
    assert not feed.take(facts[:40])
    assert not feed.take(facts[20:])
    assert feed.view.position() == world.ledger.head()
