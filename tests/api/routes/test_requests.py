"""Requests: cancelled, prioritised, and why they wait."""

from __future__ import annotations

import httpx

from buildledger.domain.request import ClaimRequest, CollapseRequest, FinishRequest, ReturnRequest
from buildledger.domain.worker import PauseWorker
from buildledger.events.ids import BuildId
from buildledger.events.results import Result
from tests.api.calls import post, read
from tests.api.conftest import Site, settled
from tests.projections.samples import nowhere


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


async def test_a_request_without_a_build_says_why_by_whom_and_when(site: Site, client: httpx.AsyncClient) -> None:
    """Cancelled by a person, by the server, collapsed into another: each is listed with its reason."""
    world, build_id = site.world, BuildId(nowhere())
    by_hand, left_behind, older, newer = (world.submit("lint") for _ in range(4))
    await post(client, f"requests/{by_hand}/cancel", {"reason": "superseded by the hotfix"})
    world.execute(FinishRequest(request_id=left_behind, result=Result.CANCELLED, reason="builder 'lint' is gone"))
    world.execute(CollapseRequest(request_id=older, into=newer))
    world.execute(ClaimRequest(request_id=newer, build_id=build_id, attempt=1))
    world.execute(FinishRequest(request_id=older, result=Result.SUCCESS, build_id=build_id))
    await settled(site)
    found = (await read(client, "requests", without_build="true"))["items"]
    assert {item["id"]: (item["explanation"]["code"], item["explanation"]["text"]) for item in found} == {
        str(by_hand): ("cancelled", "superseded by the hotfix"),
        str(left_behind): ("cancelled", "builder 'lint' is gone"),
        str(older): ("collapsed", "a newer request for the same is built for both"),
    }
    explained = {item["id"]: item["explanation"] for item in found}
    assert explained[str(by_hand)]["by"]["label"] == "admin"
    assert explained[str(by_hand)]["at"] is not None


async def test_a_request_whose_build_was_lost_says_why_it_waits_once_more(
    site: Site, client: httpx.AsyncClient
) -> None:
    """It says so until another build has it."""
    world, build_id = site.world, BuildId(nowhere())
    key = world.submit("lint")
    world.execute(ClaimRequest(request_id=key, build_id=build_id, attempt=1))
    world.execute(ReturnRequest(request_id=key, build_id=build_id, reason="the lease of w1 is over"))
    await settled(site)
    (waiting,) = (await read(client, "requests", status="waiting"))["items"]
    assert waiting["explanation"]["code"] == "returned"
    assert waiting["explanation"]["text"] == "its build was lost: the lease of w1 is over"
    world.execute(ClaimRequest(request_id=key, build_id=BuildId(key), attempt=2))
    await settled(site)
    assert (await read(client, f"requests/{key}"))["request"]["explanation"] is None
