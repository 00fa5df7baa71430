"""The first page."""

from __future__ import annotations

import httpx
from msgspec.structs import replace

from buildledger.domain.build import FinishBuild
from buildledger.domain.config import ApplyConfig
from buildledger.domain.source import MoveBranch
from buildledger.events.change import BranchMoved
from buildledger.events.results import Result
from tests.api.calls import read
from tests.api.conftest import Site, settled
from tests.projections.samples import revision


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


async def test_a_branch_that_passes_makes_no_broken_main_passing(site: Site, client: httpx.AsyncClient) -> None:
    """Home and counts go by the default branch, a build of another branch changes neither of them."""
    world = site.world
    good = world.commit("main")
    world.build_once("lint", Result.SUCCESS, at=good)
    bad = world.commit("main", (good,))
    world.build_once("lint", Result.FAILURE, at=bad)
    fix = world.commit("topic", (bad,))
    world.build_once("lint", Result.SUCCESS, at=fix, branch="topic")
    await settled(site)
    page = await read(client, "home")
    assert [(broken["name"], broken["branch"], broken["broken"]["failures"]) for broken in page["broken"]] == [
        ("lint", "main", 1)
    ]
    assert page["broken"][0]["last_build"]["number"] == 2
    assert page["broken_elsewhere_count"] == 0
    assert (await read(client, "builders/lint"))["builder"]["status"] == "broken"


async def test_what_is_broken_elsewhere_stands_apart(site: Site, client: httpx.AsyncClient) -> None:
    """With since when, how often and whose; the default branch passes all the same, and a branch that is gone goes."""
    world = site.world
    good = world.commit("main")
    world.build_once("lint", Result.SUCCESS, at=good)
    bad = world.commit("topic", (good,))
    for _ in range(2):
        world.build_once("lint", Result.FAILURE, at=bad, branch="topic")
    world.build_once("lint", Result.SUCCESS, at=good, branch="other")
    site.remember_words()
    await settled(site)
    page = await read(client, "home")
    assert (page["broken"], page["builders"]["passing"], page["broken_elsewhere_count"]) == ([], 1, 1)
    [elsewhere] = page["broken_elsewhere"]
    assert (elsewhere["name"], elsewhere["branch"], elsewhere["broken"]["failures"]) == ("lint", "topic", 2)
    assert [suspect["revision"] for suspect in elsewhere["suspects"]] == [revision(bad)]
    detail = await read(client, "builders/lint")
    assert [(each["branch"], each["status"]) for each in detail["branches"]] == [
        ("topic", "broken"),
        ("other", "passing"),
        ("main", "passing"),
    ]
    gone = BranchMoved(source="widget", branch="topic", previous=revision(bad), revision=None)
    world.execute(MoveBranch(source="widget", move=gone))
    await settled(site)
    assert (await read(client, "home"))["broken_elsewhere"] == []


async def test_what_ends_after_its_branch_is_gone_is_not_told(site: Site, client: httpx.AsyncClient) -> None:
    """A branch is deleted when it is merged, while its last build runs; once it is back its builds count again."""
    world = site.world
    good = world.commit("main")
    world.build_once("lint", Result.SUCCESS, at=good)
    bad = world.commit("topic", (good,))
    world.submit("lint", "topic", bad)
    build_id = world.assign()
    assert build_id is not None
    world.running[build_id].result = Result.FAILURE
    gone = BranchMoved(source="widget", branch="topic", previous=revision(bad), revision=None)
    world.execute(MoveBranch(source="widget", move=gone))
    await settled(site)
    world.finish_everything()
    world.build_once("lint", Result.FAILURE, at=bad, branch="topic")
    await settled(site)
    assert (await read(client, "home"))["broken_elsewhere"] == []
    assert [each["branch"] for each in (await read(client, "builders/lint"))["branches"]] == ["main"]
    back = BranchMoved(source="widget", branch="topic", previous=None, revision=revision(bad))
    world.execute(MoveBranch(source="widget", move=back))
    world.build_once("lint", Result.FAILURE, at=bad, branch="topic")
    await settled(site)
    assert [each["branch"] for each in (await read(client, "home"))["broken_elsewhere"]] == ["topic"]


async def test_a_branch_of_several_sources_that_is_gone_goes(site: Site, client: httpx.AsyncClient) -> None:
    """Whichever of the sources had it; a branch of the same name in another one takes nothing away."""
    world = site.world
    present = site.deps.active.current
    assert present is not None
    docs = replace(present.sources["widget"], name="docs")
    lint = replace(present.builders["lint"], sources=("docs", "widget"))
    wanted = replace(present, sources={**present.sources, "docs": docs}, builders={**present.builders, "lint": lint})
    world.execute(ApplyConfig(digest=wanted.digest, text=wanted.to_json(), origin="ci.yaml"))
    good = world.commit("main")
    bad = world.commit("topic", (good,))
    for branch in ("main", "topic"):
        world.submit("lint", "topic", bad)
        key, submitted = world.waiting.pop()
        other = replace(submitted.stamps[0], source="docs", branch=branch)
        world.waiting.append((key, replace(submitted, stamps=(*submitted.stamps, other))))
        build_id = world.assign()
        assert build_id is not None
        world.running[build_id].result = Result.FAILURE
        world.finish_everything()
    for source, left in (("docs", ["main, topic"]), ("widget", [])):
        seen = BranchMoved(source=source, branch="topic", previous=None, revision=revision(bad))
        gone = BranchMoved(source=source, branch="topic", previous=revision(bad), revision=None)
        world.execute(MoveBranch(source=source, move=seen), MoveBranch(source=source, move=gone))
        await settled(site)
        assert [each["branch"] for each in (await read(client, "home"))["broken_elsewhere"]] == left


async def test_another_default_branch_decides_at_once(site: Site, client: httpx.AsyncClient) -> None:
    """When the default branch changes, builders stand as their last builds of it say."""
    world = site.world
    good = world.commit("main")
    world.build_once("lint", Result.SUCCESS, at=good)
    bad = world.commit("topic", (good,))
    world.build_once("lint", Result.FAILURE, at=bad, branch="topic")
    before = await settled(site)
    present = site.deps.active.current
    assert present is not None
    sources = {"widget": replace(present.sources["widget"], default_branch="topic")}
    wanted = replace(present, sources=sources)
    world.execute(ApplyConfig(digest=wanted.digest, text=wanted.to_json(), origin="ci.yaml"))
    await settled(site)
    assert (await read(client, "builders/lint"))["builder"]["status"] == "broken"
    assert (await read(client, "builders/lint"))["builder"]["default_branch"] == "topic"
    assert (await read(client, "builders/lint", as_of=before))["builder"]["status"] == "passing"


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
