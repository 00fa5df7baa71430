"""Views that weren't made of the ledger beside which they stand."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from buildledger.ledger.ledger import Ledger
from buildledger.projections.projector import Projector
from buildledger.projections.registry import PROJECTIONS
from buildledger.projections.storage import SqliteViews
from buildledger.projections.views import Views
from buildledger.testing.clock import VirtualClock
from tests.projections.samples import START
from tests.projections.world import World


def _fed(directory: Path, ledger: Ledger, meanwhile: Callable[[], object] = tuple, *, is_killed: bool = False) -> None:
    """What a server does from its start to its end, between which things happen."""
    views = Views(SqliteViews(directory))
    views.make_foreign_anew(ledger.store)
    meanwhile()
    projector = Projector(ledger, views)
    projector.catch_up()
    projector.close()
    if not is_killed:
        views.mark(ledger.store)
    views.close()


def _names(directory: Path) -> set[str]:
    views = Views(SqliteViews(directory))
    try:
        return {name for name in (each.NAME for each in PROJECTIONS) if views.view(name).position()}
    finally:
        views.close()


@pytest.fixture
def other(tmp_path: Path) -> Ledger:
    """The ledger of another installation, with as much in it."""
    clock = VirtualClock(START)
    ledger = Ledger.open(f"sqlite:///{tmp_path}/other.db", clock=clock)
    World(ledger, seed=2, clock=clock).act(60)
    return ledger


def test_views_of_another_ledger_are_made_anew(
    world: World, ledger: Ledger, other: Ledger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Another installation's read models would show its builds: each is named in the log, and emptied."""
    world.act(80)
    _fed(tmp_path / "views", other)
    assert _names(tmp_path / "views")
    views = Views(SqliteViews(tmp_path / "views"))
    views.make_foreign_anew(ledger.store)
    assert {view.position() for view in (views.view(each.NAME) for each in PROJECTIONS)} == {0}
    views.close()
    other.close()
    assert [
        each.NAME for each in PROJECTIONS if f"the read model {each.NAME} was made of another" not in caplog.text
    ] == []


def test_one_file_of_another_ledger_is_made_anew(world: World, ledger: Ledger, other: Ledger, tmp_path: Path) -> None:
    """The others keep their rows."""
    world.act(80)
    _fed(tmp_path / "views", ledger)
    _fed(tmp_path / "others", other)
    other.close()
    (queue,) = (tmp_path / "others").glob("queue.*.db")
    shutil.copy(queue, tmp_path / "views" / queue.name)
    views = Views(SqliteViews(tmp_path / "views"))
    views.make_foreign_anew(ledger.store)
    assert {each.NAME for each in PROJECTIONS if views.view(each.NAME).position() == 0} == {"queue"}
    views.close()


@pytest.mark.parametrize("is_killed", [False, True])
def test_views_ahead_of_a_ledger_that_was_restored_are_made_anew(
    world: World, ledger: Ledger, tmp_path: Path, is_killed: bool
) -> None:
    """A ledger from a backup, beside views that had come further, which would wait until it has come as far again."""
    world.act(40)
    with (
        closing(sqlite3.connect(tmp_path / "ledger.db")) as source,
        closing(sqlite3.connect(tmp_path / "backup.db")) as copy,
    ):
        source.backup(copy)
    _fed(tmp_path / "views", ledger, lambda: world.act(40), is_killed=is_killed)
    restored = Ledger.open(f"sqlite:///{tmp_path}/backup.db", clock=VirtualClock(START))
    views = Views(SqliteViews(tmp_path / "views"))
    views.make_foreign_anew(restored.store)
    assert views.view("queue").position() == 0
    views.close()
    restored.close()


def test_views_of_the_same_ledger_stay(world: World, ledger: Ledger, tmp_path: Path) -> None:
    """Start after start, with facts between, nothing is made anew."""
    for _ in range(3):
        world.act(20)
        _fed(tmp_path / "views", ledger)
        views = Views(SqliteViews(tmp_path / "views"))
        reached = views.view("queue").position()
        views.make_foreign_anew(ledger.store)
        assert views.view("queue").position() == reached > 0
        views.close()
