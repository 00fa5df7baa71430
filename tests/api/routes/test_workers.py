"""Workers: paused and resumed by hand, and let in by one-use tokens."""

from __future__ import annotations

import httpx

from buildledger.domain.worker import DisconnectWorker, ReportWorkerMissing
from buildledger.ledger.store import FactQuery
from tests.api.calls import named, post, read
from tests.api.conftest import Site, settled
from tests.projections.world import START


async def test_workers_are_paused_and_resumed(site: Site, client: httpx.AsyncClient) -> None:
    """A paused worker says so and why; an unknown one can't be paused."""
    await post(client, "workers/w1/pause", {"reason": "new disk"})
    worker = (await client.get("/api/v1/workers/w1")).json()["worker"]
    assert (worker["paused"], worker["pause_reason"]) == (True, "new disk")
    await client.post("/api/v1/workers/w1/resume")
    assert not (await client.get("/api/v1/workers/w1")).json()["worker"]["paused"]
    assert (await post(client, "workers/nobody/pause", {})).status_code == 404


async def test_an_enrollment_token_is_shown_once_and_kept_as_a_digest(site: Site, client: httpx.AsyncClient) -> None:
    """The ledger holds only the token's digest; the same key gives the same token, another key another."""
    first = (await post(client, "enrollment-tokens", {"worker": "w1"}, **named("t"))).json()
    again = (await post(client, "enrollment-tokens", {"worker": "w1"}, **named("t"))).json()
    other = (await post(client, "enrollment-tokens", {}, **named("u"))).json()
    assert first["token"] == again["token"] != other["token"]
    assert again["expires_at"] == first["expires_at"]
    stored = b"".join(fact.body for fact in site.ledger.store.select_facts(FactQuery(), 10_000))
    assert first["token"].encode() not in stored
    assert (await post(client, "enrollment-tokens", {"worker": "nobody"})).status_code == 404


async def test_a_missing_worker_is_shown_until_it_is_back(site: Site, client: httpx.AsyncClient) -> None:
    """On its own, and in the server's health."""
    world = site.world
    world.connect("w1")
    world.execute(DisconnectWorker(worker="w1", epoch=1, reason="silent"))
    world.execute(ReportWorkerMissing(worker="w1", epoch=1, since=START))
    await settled(site)
    assert (await read(client, "workers/w1"))["worker"]["missing_since"] is not None
    assert (await read(client, "health"))["problems"] == ["1 of the workers is missing"]
    world.connect("w1")
    await settled(site)
    assert (await read(client, "workers/w1"))["worker"]["missing_since"] is None
    assert (await read(client, "health"))["status"] == "ok"
