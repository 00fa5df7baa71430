"""Workers: paused and resumed by hand, and let in by one-use tokens."""

from __future__ import annotations

import httpx

from buildledger.domain.worker import DisconnectWorker, ExpireLease, PauseWorker, ReportWorkerMissing
from buildledger.events.worker import PausedBy
from buildledger.ledger.store import FactQuery
from tests.api.calls import named, post, read
from tests.api.conftest import Site, settled
from tests.projections.samples import START


async def test_workers_are_paused_and_resumed(site: Site, client: httpx.AsyncClient) -> None:
    """A paused worker says so and why; an unknown one can't be paused."""
    await post(client, "workers/w1/pause", {"reason": "new disk"})
    worker = (await client.get("/api/v1/workers/w1")).json()["worker"]
    assert (worker["paused"], worker["paused_by"], worker["pause_reason"]) == (True, "person", "new disk")
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


async def test_a_worker_that_is_about_to_end_is_not_counted_as_paused(site: Site, client: httpx.AsyncClient) -> None:
    """It says so itself, and no person has to resume it: the home page doesn't ask for that."""
    world = site.world
    world.connect("w1")
    world.execute(PauseWorker(worker="w1", by=PausedBy.WORKER, reason="SIGTERM"))
    world.execute(PauseWorker(worker="w2", reason="new disk"))
    await settled(site)
    shown = (await read(client, "workers/w1"))["worker"]
    assert (shown["paused"], shown["paused_by"], shown["pause_reason"]) == (True, "worker", "SIGTERM")
    assert (await read(client, "home"))["workers"]["paused"] == 1


async def test_workers_that_left_the_configuration_leave_the_list(site: Site, client: httpx.AsyncClient) -> None:
    """When they are gone for good; until then, and for whoever asks for former ones, they are there."""
    world = site.world
    for name in ("w1", "w2"):
        world.connect(name)
    world.apply_config("b0", workers=("w1",))
    world.execute(DisconnectWorker(worker="w1", epoch=1, reason="goodbye"), ExpireLease(worker="w1", epoch=1))
    listed: list[list[str]] = []
    for command in (None, DisconnectWorker(worker="w2", epoch=1, reason="goodbye"), ExpireLease(worker="w2", epoch=1)):
        if command is not None:
            world.execute(command)
        await settled(site)
        listed.append([each["name"] for each in (await read(client, "workers"))["items"]])
    assert listed == [["w1", "w2"], ["w1", "w2"], ["w1"]]
    former = (await read(client, "workers", former="true"))["items"]
    assert [(each["name"], each["configured"]) for each in former] == [("w2", False)]
    assert (await read(client, "workers/w2"))["worker"]["status"] == "lost"
