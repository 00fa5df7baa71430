"""Workers that the server starts, and workers that are missing, as the API shows them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import msgspec

from buildledger.config.machines import LocalStart, to_json
from buildledger.domain.config import ApplyConfig
from buildledger.domain.machine import (
    EndMachine,
    FailMachine,
    ReleaseMachine,
    ReportMachineStarted,
    StartMachine,
    StopMachine,
)
from buildledger.domain.worker import DisconnectWorker
from tests.api.calls import read
from tests.api.conftest import Site, settled
from tests.projections.samples import START, configuration
from tests.projections.world import World

START_LOCALLY = LocalStart(capacity=1)


FIRST = timedelta(seconds=30)


def make_elastic(world: World) -> None:
    """Let the server start w1."""
    plain = configuration("lint")
    elastic = msgspec.structs.replace(plain.workers["w1"], start=START_LOCALLY)
    changed = msgspec.structs.replace(plain, workers={**plain.workers, "w1": elastic})
    world.execute(ApplyConfig(digest=changed.digest, text=changed.to_json(), origin="ci.yaml"))


async def machine(site: Site, client: httpx.AsyncClient) -> Any:
    """How w1's machine is, as it is answered."""
    await settled(site)
    return (await read(client, "workers/w1"))["worker"]["machine"]


async def why(client: httpx.AsyncClient) -> tuple[str, str]:
    """Why the waiting request waits."""
    (request,) = (await read(client, "requests", status="waiting"))["items"]
    return request["waiting"]["code"], request["waiting"]["text"]


async def test_a_worker_that_nobody_starts_has_no_machine(site: Site, client: httpx.AsyncClient) -> None:
    """It comes by itself, or it doesn't."""
    assert await machine(site, client) is None
    make_elastic(site.world)
    assert (await machine(site, client))["state"] == "stopped"


async def test_a_machine_is_followed_from_its_start_to_its_end(site: Site, client: httpx.AsyncClient) -> None:
    """With the reason why it is as it is; a request that it is started for says so."""
    world = site.world
    make_elastic(world)
    world.submit("lint", "main")
    world.execute(StartMachine(worker="w1", start=1, settings=to_json(START_LOCALLY), reason="a build of lint waits"))
    world.execute(ReportMachineStarted(worker="w1", start=1, place="process 4711"))
    assert await machine(site, client) == {
        "driver": "local",
        "state": "starting",
        "start": 1,
        "place": "process 4711",
        "reason": "a build of lint waits",
        "failures": 0,
        "quarantined_until": None,
    }
    assert await why(client) == ("worker_starting", "worker w1 is being started")
    world.connect("w1")
    assert (await machine(site, client))["state"] == "idle"
    world.execute(DisconnectWorker(worker="w1", epoch=1, reason="silent"))
    assert (await machine(site, client))["state"] == "away"
    world.execute(StopMachine(worker="w1", start=1, reason="idle for 60 s"))
    assert (await machine(site, client))["state"] == "stopping"
    world.execute(EndMachine(worker="w1", start=1, reason="exited with 0", at=START, first_quarantine=FIRST))
    stopped = await machine(site, client)
    assert (stopped["state"], stopped["reason"]) == ("stopped", "idle for 60 s")


async def test_a_quarantine_says_why_and_until_when(site: Site, client: httpx.AsyncClient) -> None:
    """Several failures in a row are part of the server's health, without the worker's name."""
    world = site.world
    make_elastic(world)
    for start in (1, 2, 3):
        world.execute(StartMachine(worker="w1", start=start, settings=to_json(START_LOCALLY), reason="work"))
        fail = FailMachine(worker="w1", start=start, reason="no image", at=START, first_quarantine=FIRST)
        end = EndMachine(worker="w1", start=start, reason="gone", at=START, first_quarantine=FIRST)
        world.execute(fail, end)
        if start < 3:
            world.execute(ReleaseMachine(worker="w1", reason="the time is over"))
    found = await machine(site, client)
    assert (found["state"], found["reason"], found["failures"]) == ("quarantined", "no image", 3)
    assert found["quarantined_until"] > START.isoformat()
    health = await read(client, "health")
    assert health["status"] == "degraded"
    assert health["problems"] == ["1 of the workers is failing to start, 3 times or more in a row"]
