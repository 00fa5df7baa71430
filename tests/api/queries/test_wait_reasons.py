"""Why a request waits, as the API reads it from the read models and the ledger."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec

from buildledger.config.lock_uses import LockUse
from buildledger.config.resolved import Configuration
from buildledger.config.values import Expression
from buildledger.domain.config import ApplyConfig
from buildledger.domain.worker import DisconnectWorker, RevokeWorker
from tests.api.calls import read
from tests.api.conftest import Site, settled
from tests.projections.samples import configuration
from tests.projections.world import World


def configure(world: World, **builders: dict[str, Any]) -> Configuration:
    """Put a configuration in force whose builders `lint` and `docs` have these fields."""
    plain = configuration("lint", "docs")
    changed = {name: msgspec.structs.replace(plain.builders[name], **fields) for name, fields in builders.items()}
    made = msgspec.structs.replace(plain, builders={**plain.builders, **changed})
    world.execute(ApplyConfig(digest=made.digest, text=made.to_json(), origin="ci.yaml"))
    world.digest = made.digest
    return made


async def why(site: Site, client: httpx.AsyncClient) -> Any:
    """The reason of the only request that waits."""
    await settled(site)
    (request,) = (await read(client, "requests", status="waiting"))["items"]
    return request["waiting"]


async def test_a_condition_over_the_request_is_judged_by_the_request(site: Site, client: httpx.AsyncClient) -> None:
    """By its branch, its inputs and the files that its changes touch; the part that fails is named."""
    world = site.world
    world.connect("w1")
    parts = "inputs.version == '1'", "change.files.exists(f, f == 'src/1.py')", "change.branch == 'main'"
    configure(world, lint={"worker": Expression(source=" && ".join(parts))})
    world.submit("lint", "main", at=world.commit("main"))
    assert (await why(site, client))["code"] == "next"
    world.assign()
    world.submit("lint", "topic", at=world.commit("topic"))
    reason = await why(site, client)
    assert (reason["code"], reason["condition"]) == ("no_worker_fits", f"{parts[1]} && {parts[2]}")
    assert reason["text"] == f"for this request the condition does not hold: {reason['condition']}"


async def test_the_builds_that_hold_a_lock_are_named(site: Site, client: httpx.AsyncClient) -> None:
    """Also one that was assigned under an earlier configuration, by which its builder took the lock."""
    world = site.world
    world.connect("w1")
    configure(world, docs={"locks": (LockUse(lock="database"),)})
    world.submit("docs", "main")
    holder = world.assign()
    configure(world, lint={"locks": (LockUse(lock="database"),)})
    world.submit("lint", "main")
    assert await why(site, client) == {
        "code": "lock_held",
        "text": "the lock database is held by docs #1",
        "workers": [],
        "condition": None,
        "lock": "database",
        "held_by": [{"build_id": str(holder), "builder": "docs", "number": 1}],
    }


async def test_a_worker_that_may_not_build_is_not_taken_for_one_with_room(
    site: Site, client: httpx.AsyncClient
) -> None:
    """One whose credential was revoked is named as such, whether its session has ended or not."""
    world = site.world
    world.connect("w1")
    world.submit("lint", "main")
    world.execute(RevokeWorker(worker="w1"))
    reason = await why(site, client)
    assert reason["text"] == "no worker that fits is free: w1 is revoked; w2 is not connected"
    assert reason["code"] == "workers_paused"
    world.execute(DisconnectWorker(worker="w1", epoch=1, reason="revoked"))
    assert (await why(site, client))["code"] == "no_worker_connected"
