"""What the server says of its readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import httpx
import sqlalchemy as sa

from buildledger.api.queries.health import health_of
from buildledger.events.change import ChangeRecorded
from buildledger.events.fact import Fact, Recorded
from buildledger.projections.projection import ProjectionWriter
from buildledger.projections.projector import Projector
from buildledger.projections.storage import SqliteViews
from buildledger.projections.views import Views
from buildledger.projections.workers import Workers
from buildledger.reactors.runner import Health
from tests.api.conftest import Site, settled


class Failing:
    """A projection that can't write its third commit."""

    NAME: ClassVar[str] = "failing"
    VERSION: ClassVar[int] = 1
    METADATA: ClassVar[sa.MetaData] = sa.MetaData()
    FACTS: ClassVar[frozenset[type[Fact]]] = frozenset({ChangeRecorded})

    def writer(self) -> ProjectionWriter:
        return FailingWriter()


class FailingWriter:
    def apply(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        if any(isinstance(one.fact, ChangeRecorded) and one.fact.revision.endswith("3") for one in batch):
            raise ValueError("the third is too much")


async def test_health_shows_every_reader(site: Site, client: httpx.AsyncClient) -> None:
    """Each reader is listed with its position and lag; all well is 200."""
    site.world.act(20)
    head = await settled(site)
    answer = await client.get("/api/v1/health")
    assert answer.status_code == 200
    health = answer.json()
    assert (health["status"], health["position"], health["problems"]) == ("ok", head, [])
    assert {reader["name"] for reader in health["readers"]} >= {"status", "queue", "blamelist"}
    assert {reader["lag"] for reader in health["readers"]} == {0}


async def test_a_stopped_reader_makes_health_fail(site: Site) -> None:
    """A projection that has stopped is named with its reason, and the answer is 503."""
    views = Views(SqliteViews(site.deps.dashboard.parent / "failing"), (Failing(), Workers()))
    projector = Projector(site.ledger, views)
    for _ in range(3):
        site.world.commit("main")
    projector.catch_up()
    health = health_of(replace(site.deps, views=views, projector=projector))
    assert health.status == "failing"
    assert "the third is too much" in health.problems[0]
    assert health.readers[0].lag > 0
    views.close()


async def test_what_the_reactors_cannot_do_degrades(site: Site) -> None:
    """A trigger that has stopped and a command that is held back are counted, without names; the answer stays 200."""
    stopped = Health(position=0, lag=0, triggers={"nightly": "no such zone"}, held_back=("one", "two"))
    health = health_of(replace(site.deps, reactors=lambda: stopped))
    assert health.status == "degraded"
    assert health.problems == [
        "1 trigger has stopped: the log says why",
        "2 commands have been held back: the log says why",
    ]
