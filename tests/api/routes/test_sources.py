"""Sources, their branches and outages, and hints to poll them."""

from __future__ import annotations

import httpx

from buildledger.domain.source import ReportSourceFailure
from tests.api.conftest import Site, settled


async def test_a_hook_triggers_a_poll(site: Site, client: httpx.AsyncClient) -> None:
    """A polled source is polled at once, whatever the body is; another source is 404."""
    answer = await client.post("/api/v1/sources/widget/trigger-poll", json={"ref": "refs/heads/main", "commits": []})
    assert answer.status_code == 202
    assert site.polled == ["widget"]
    assert (await client.post("/api/v1/sources/gadget/trigger-poll")).status_code == 404


async def test_sources_show_their_branches_and_outages(site: Site, client: httpx.AsyncClient) -> None:
    """A source that can't be read says why and since when, and where its branches stood."""
    site.world.commit("main")
    site.world.execute(ReportSourceFailure(source="widget", cause="auth", detail="no key"))
    await settled(site)
    (source,) = (await client.get("/api/v1/sources")).json()["items"]
    assert source["outage"]["cause"] == "auth"
    assert [branch["name"] for branch in source["branches"]] == ["main"]
    assert source["configured"]
