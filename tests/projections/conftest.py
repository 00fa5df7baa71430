"""A ledger and views of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from buildledger.ledger.ledger import Ledger
from buildledger.projections.projector import Projector
from buildledger.projections.storage import SqliteViews
from buildledger.projections.views import Views
from buildledger.testing.clock import VirtualClock
from tests.projections.samples import START
from tests.projections.world import World


@pytest.fixture
def clock() -> VirtualClock:
    """A time that the world moves."""
    return VirtualClock(START)


@pytest.fixture
def ledger(tmp_path: Path, clock: VirtualClock) -> Iterator[Ledger]:
    """An empty ledger."""
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=clock)
    yield ledger
    ledger.close()


@pytest.fixture
def world(ledger: Ledger, clock: VirtualClock) -> World:
    """An installation with a configuration, in which nothing has happened yet."""
    return World(ledger, seed=1, clock=clock)


@pytest.fixture
def views(tmp_path: Path) -> Iterator[Views]:
    """Empty views of every projection."""
    views = Views(SqliteViews(tmp_path / "views"))
    yield views
    views.close()


@pytest.fixture
def projector(ledger: Ledger, views: Views) -> Projector:
    """Feeds them when a test says `catch_up`."""
    return Projector(ledger, views)
