"""The first page."""

from __future__ import annotations

import httpx

from buildledger.domain.build import FinishBuild
from buildledger.events.results import Result
from tests.api.calls import read
from tests.api.conftest import Site, settled
from tests.projections.world import revision


async def test_home_names_what_is_broken_and_whose_it_is(site: Site, client: httpx.AsyncClient) -> None:
    """A builder that was green and then failed is on the first page with the commits since, and their authors."""
    world = site.world
    good = world.commit("main")
    world.build_once("lint", Result.SUCCESS, at=good)
    bad = [world.commit("main", (good,)), world.commit("main", (good + 1,))]
    world.build_once("lint", Result.FAILURE, at=bad[-1])
    site.remember_words()
    await settled(site)
    page = await read(client, "home")
    (broken,) = page["broken"]
    assert broken["name"] == "lint"
    assert broken["broken"]["since"]["number"] == 2
    assert [suspect["revision"] for suspect in broken["suspects"]] == [revision(bad[1]), revision(bad[0])]
    assert broken["suspects"][0]["author"]["name"].startswith("Author ")
    assert broken["suspects"][0]["subject"] == f"Change {bad[1]}"
    assert broken["suspect_count"] == 2
    assert page["builders"] == {"total": 3, "passing": 0, "broken": 1, "unclear": 0, "never_built": 2}
    assert [build["number"] for build in page["recent"]] == [2, 1]


async def test_recent_builds_are_those_that_ended_last(site: Site, client: httpx.AsyncClient) -> None:
    """A long build that began before others and ends after them is the most recent one, also when seen from later."""
    world = site.world
    world.submit("lint")
    (long,) = [world.assign()]
    assert long is not None
    for name in ("docs", "tests"):
        world.build_once(name, Result.SUCCESS)
    before = site.settle()
    world.execute(FinishBuild(build_id=long, result=Result.SUCCESS, summary=""))
    await settled(site)
    ended = [build["builder"] for build in (await read(client, "home"))["recent"]]
    assert ended == ["lint", "tests", "docs"]
    at_that_time = [build["builder"] for build in (await read(client, "home", as_of=before))["recent"]]
    assert at_that_time == ["tests", "docs"]
