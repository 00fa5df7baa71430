"""Requests: cancelled, prioritised, and why they wait."""

from __future__ import annotations

import httpx

from buildledger.domain.worker import PauseWorker
from tests.api.calls import post, read
from tests.api.conftest import Site, settled
from tests.projections.world import nowhere


async def test_requests_are_cancelled_and_prioritised_while_they_wait(site: Site, client: httpx.AsyncClient) -> None:
    """The queue can be changed; a request that doesn't wait any more can't."""
    key = site.world.submit("lint")
    await post(client, f"requests/{key}/priority", {"priority": 77})
    request = (await client.get(f"/api/v1/requests/{key}")).json()["request"]
    assert request["priority"] == 77
    assert (await post(client, f"requests/{key}/cancel", {})).status_code == 200
    request = (await client.get(f"/api/v1/requests/{key}")).json()["request"]
    assert (request["status"], request["result"]) == ("finished", "cancelled")
    refused = await post(client, f"requests/{key}/priority", {"priority": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "request_not_waiting")
    assert (await post(client, f"requests/{nowhere()}/cancel", {})).status_code == 404


async def test_requests_say_why_they_wait(site: Site, client: httpx.AsyncClient) -> None:
    """A waiting request names the first thing that keeps it: no connected worker, a paused one, a busy one."""
    world = site.world
    world.submit("lint", "main")

    async def why() -> tuple[str, list[str]]:
        await settled(site)
        (request,) = (await read(client, "requests", status="waiting"))["items"]
        return request["waiting"]["code"], request["waiting"]["workers"]

    assert await why() == ("no_worker_connected", ["w1", "w2"])
    world.connect("w1")
    assert await why() == ("next", ["w1"])
    world.execute(PauseWorker(worker="w1"))
    assert await why() == ("workers_paused", ["w1"])
    world.apply_config("tests[3.12]")
    assert (await why())[0] == "builder_not_configured"
