"""What the server says of itself."""

from __future__ import annotations

from dataclasses import replace

import httpx

from buildledger.api.queries.health import health_of
from buildledger.domain.source import ReportSourceFailure
from buildledger.projections.projector import Projector
from buildledger.projections.storage import SqliteViews
from buildledger.projections.views import Views
from buildledger.projections.workers import Workers
from tests.api.conftest import Site, settled
from tests.projections.test_projector import Brittle


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
    views = Views(SqliteViews(site.deps.dashboard.parent / "brittle"), (Brittle(), Workers()))
    projector = Projector(site.ledger, views)
    for _ in range(3):
        site.world.commit("main")
    projector.catch_up()
    health = health_of(replace(site.deps, views=views, projector=projector))
    assert health.status == "failing"
    assert "the third is too much" in health.problems[0]
    assert health.readers[0].lag > 0
    views.close()


async def test_what_the_dashboard_needs_first(site: Site, client: httpx.AsyncClient) -> None:
    """Title, limits and permissions follow the configuration and who asks."""
    ui = (await client.get("/api/v1/ui-config")).json()
    assert (ui["title"], ui["signed_in"]) == ("Tests", True)
    assert all(ui["permissions"].values())
    async with site.client(Accept="application/json") as stranger:
        ui = (await stranger.get("/api/v1/ui-config")).json()
    assert not any(ui["permissions"].values())
    assert (await client.get("/api/v1/server")).json()["version"]


async def test_sources_show_their_branches_and_outages(site: Site, client: httpx.AsyncClient) -> None:
    """A source that can't be read says why and since when, and where its branches stood."""
    site.world.commit("main")
    site.world.execute(ReportSourceFailure(source="widget", cause="auth", detail="no key"))
    await settled(site)
    (source,) = (await client.get("/api/v1/sources")).json()["items"]
    assert source["outage"]["cause"] == "auth"
    assert [branch["name"] for branch in source["branches"]] == ["main"]
    assert source["configured"]
