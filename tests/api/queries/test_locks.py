"""Steps that wait for locks, as the API reads them from the read models."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec

from buildledger.config.lock_uses import LockUse
from buildledger.config.resolved import Lock
from buildledger.domain.build import FinishStep, RequestStepLocks, StartStep, TakeStepLocks
from buildledger.domain.config import ApplyConfig
from buildledger.events.ids import BuildId
from buildledger.events.results import Result
from tests.api.calls import read
from tests.api.conftest import Site, settled
from tests.projections.samples import configuration
from tests.projections.world import World


def configure(world: World) -> None:
    """Builds of `docs` hold the lock `database`, of which there are two."""
    plain = configuration("lint", "docs")
    docs = msgspec.structs.replace(plain.builders["docs"], locks=(LockUse(lock="database"),))
    made = msgspec.structs.replace(
        plain, builders={**plain.builders, "docs": docs}, locks={"database": Lock(name="database", count=2)}
    )
    world.execute(ApplyConfig(digest=made.digest, text=made.to_json(), origin="ci.yaml"))
    world.digest = made.digest


def build(world: World, builder: str) -> BuildId:
    """A build that runs."""
    world.submit(builder, "main", at=world.heads.get("main"))
    made = world.assign()
    assert made is not None
    return made


def wait(world: World, build_id: BuildId, take: int = 1) -> None:
    """Its first step waits for the lock."""
    world.execute(StartStep(build_id=build_id, step=0, name="migrate", program="run", program_version=2))
    world.execute(RequestStepLocks(build_id=build_id, step=0, locks={"database": take}))


async def step_of(site: Site, client: httpx.AsyncClient, build_id: BuildId) -> Any:
    """The build's first step, as its page shows it."""
    await settled(site)
    (step,) = (await read(client, f"builds/{build_id}"))["steps"]
    assert (await read(client, f"builds/{build_id}/steps"))["items"] == [step]
    return step


async def test_a_waiting_step_names_the_lock_and_who_has_it(site: Site, client: httpx.AsyncClient) -> None:
    """Builds that hold it from their first step to their last, and others whose step has it; in lists as well."""
    world = site.world
    world.connect("w1")
    configure(world)
    holder, other, waiting = build(world, "docs"), build(world, "lint"), build(world, "lint")
    wait(world, other)
    world.execute(TakeStepLocks(build_id=other, step=0))
    wait(world, waiting)
    step = await step_of(site, client, waiting)
    assert step["locks"] == {"database": 1}
    assert step["waiting"] == {
        "text": "waits for lock database, held by docs #1 and lint #1",
        "lock": "database",
        "held_by": [
            {"build_id": str(holder), "builder": "docs", "number": 1},
            {"build_id": str(other), "builder": "lint", "number": 1},
        ],
        "since": step["waiting"]["since"],
    }
    listed = {each["id"]: each["step"] for each in (await read(client, "builds"))["items"]}
    assert listed[str(waiting)]["waiting"] == step["waiting"]
    assert listed[str(other)]["waiting"] is None
    world.execute(FinishStep(build_id=other, step=0, result=Result.SUCCESS))
    world.execute(TakeStepLocks(build_id=waiting, step=0))
    step = await step_of(site, client, waiting)
    assert (step["waiting"], step["locks"]) == (None, {"database": 1})
    assert step["locks_taken_at"] > step["started_at"]


async def test_a_step_that_takes_more_than_is_left_says_how_much_that_is(site: Site, client: httpx.AsyncClient) -> None:
    """Of a lock with a count the holders alone don't say why it waits."""
    world = site.world
    world.connect("w1")
    configure(world)
    build(world, "docs")
    waiting = build(world, "lint")
    wait(world, waiting, take=2)
    step = await step_of(site, client, waiting)
    text = "waits for lock database, held by docs #1, and 1 of the 2 that it takes are free"
    assert step["waiting"]["text"] == text


async def test_a_request_waits_for_what_a_step_has_or_has_reserved(site: Site, client: httpx.AsyncClient) -> None:
    """The build whose step it is gets named."""
    world = site.world
    world.connect("w1")
    world.connect("w2")
    configure(world)
    first, second = build(world, "lint"), build(world, "lint")
    wait(world, first)
    world.execute(TakeStepLocks(build_id=first, step=0))
    wait(world, second, take=2)
    world.submit("docs", "main")
    await settled(site)
    (request,) = (await read(client, "requests", status="waiting"))["items"]
    assert request["waiting"]["text"] == "the lock database is reserved for a step of lint #2, whose turn is first"
    assert [each["number"] for each in request["waiting"]["held_by"]] == [1]


async def test_the_answer_for_a_commit_says_that_its_build_waits(site: Site, client: httpx.AsyncClient) -> None:
    """What `buildledger explain` prints."""
    world = site.world
    world.connect("w1")
    configure(world)
    world.commit("main")
    build(world, "docs")
    build(world, "docs")
    waiting = build(world, "lint")
    wait(world, waiting)
    await settled(site)
    (change,) = (await read(client, "changes"))["items"]
    answers = (await read(client, f"changes/{change['id']}/answers"))["answers"]
    said = [each["text"] for each in answers if each["builder"] == "lint"]
    assert said == ["requested, and being built; its step migrate waits for lock database, held by docs #1 and docs #2"]
