"""All about one build in one answer; stopping and rebuilding."""

from __future__ import annotations

import httpx
from msgspec.structs import replace

from buildledger.domain.config import ApplyConfig
from buildledger.events.build import BuildStopRequested
from buildledger.events.results import Result
from tests.api.calls import named, post, read
from tests.api.conftest import Site, settled
from tests.projections.running_build import SOURCE
from tests.projections.samples import nowhere, revision


async def test_a_running_build_can_be_stopped(site: Site, client: httpx.AsyncClient) -> None:
    """Stopping is a fact; stopping again does nothing."""
    site.world.submit("lint")
    made = site.world.assign()
    receipt = (await post(client, f"builds/{made}/stop", {"reason": "enough"})).json()
    (recorded,) = site.ledger.read(receipt["position"] - 1, 1)
    assert isinstance(recorded.fact, BuildStopRequested)
    assert (await client.get(f"/api/v1/builds/{made}")).json()["build"]["status"] == "stopping"
    head = site.ledger.head()
    await post(client, f"builds/{made}/stop", {"reason": "really"})
    assert site.ledger.head() == head


async def test_a_rebuild_takes_the_revisions_that_were_built(site: Site, client: httpx.AsyncClient) -> None:
    """A rebuild asks for what the build really got, and says what it is a rebuild of."""
    number = site.world.commit("main")
    made = site.world.build_once("lint", Result.FAILURE, at=number)
    site.world.commit("main", (number,))
    await settled(site)
    receipt = (await post(client, f"builds/{made}/rebuild", {"reason": "flaky?"}, **named("again"))).json()
    request = (await client.get(f"/api/v1/requests/{receipt['request_id']}")).json()["request"]
    assert request["rebuild_of"] == str(made)
    assert request["stamps"][0]["revision"] == f"{number:040x}"
    repeated = (await post(client, f"builds/{made}/rebuild", {"reason": "flaky?"}, **named("again"))).json()
    assert repeated["duplicate"]
    assert (await post(client, f"builds/{nowhere()}/rebuild", {})).status_code == 404
    site.revisions.missing.add(f"{number:040x}")
    gone = await post(client, f"builds/{made}/rebuild", {"reason": "once more"})
    assert (gone.status_code, gone.json()["errors"][0]["at"]) == (422, "revision")


async def test_a_build_says_the_revision_that_it_began_with(site: Site, client: httpx.AsyncClient) -> None:
    """Going back to its content gives a new revision, which is the next build's and not its own."""
    first = site.world.build_once("lint", Result.SUCCESS, at=site.world.commit("main"))
    present = site.deps.active.current
    assert present is not None
    other = replace(present, server=replace(present.server, title="Another"))
    for each in (other, present):
        site.world.execute(ApplyConfig(digest=each.digest, text=each.to_json(), origin="ci.yaml"))
    second = site.world.build_once("lint", Result.SUCCESS, at=site.world.commit("main"))
    await settled(site)
    assert (await read(client, f"builds/{first}"))["config_revision"] == 1
    assert (await read(client, f"builds/{second}"))["config_revision"] == 3


async def test_a_rebuild_is_made_from_where_the_source_is(site: Site, client: httpx.AsyncClient) -> None:
    """The source has moved since: the rebuild asks for the same revision at the new address."""
    number = site.world.commit("main")
    made = site.world.build_once("lint", Result.FAILURE, at=number)
    present = site.deps.active.current
    assert present is not None
    sources = {"widget": replace(present.sources["widget"], url="https://new.example/widget.git")}
    moved = replace(present, sources=sources)
    site.world.execute(ApplyConfig(digest=moved.digest, text=moved.to_json(), origin="ci.yaml"))
    await settled(site)
    receipt = (await post(client, f"builds/{made}/rebuild", {})).json()
    stamp = (await client.get(f"/api/v1/requests/{receipt['request_id']}")).json()["request"]["stamps"][0]
    assert (stamp["repository"], stamp["revision"]) == ("https://new.example/widget.git", f"{number:040x}")


async def test_a_build_is_one_answer(site: Site, client: httpx.AsyncClient) -> None:
    """A build's page needs one request: steps, operations, logs, properties, artifacts, changes and blame are in it."""
    world = site.world
    good = world.commit("main")
    world.build_once("lint", Result.SUCCESS, at=good)
    bad = world.commit("main", (good,))
    made = world.build_once("lint", Result.FAILURE, at=bad)
    site.remember_words()
    await settled(site)
    detail = await read(client, f"builds/{made}")
    assert detail["build"]["number"] == 2
    assert detail["previous"]["number"] == 1
    assert detail["next"] is None
    assert detail["planned_steps"] == ["test"]
    (step,) = detail["steps"]
    (operation,) = step["operations"]
    assert operation["command"] == "pytest -q"
    assert operation["logs"][0]["line_count"] == 1
    assert detail["properties"] == [{"name": "count", "value": 2, "origin": "test"}]
    assert detail["artifacts"][0]["name"] == "widget.whl"
    assert [change["revision"] for change in detail["changes"]] == [revision(bad)]
    (blame,) = detail["blame"]
    assert blame["source"] == SOURCE
    assert (blame["baseline"], blame["commit_count"]) == ("green", 1)
    assert [commit["revision"] for commit in blame["commits"]] == [revision(bad)]
    by_number = await read(client, "builders/lint/builds/2")
    assert by_number == detail
