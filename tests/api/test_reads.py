"""What can be read: every list and every noun, at present and as of any position."""

from __future__ import annotations

import random
import re
from typing import Any

import httpx
import msgspec
import pytest

from buildledger.api.models import builders, builds, changes, config, home, ledger, requests, workers
from buildledger.domain.worker import PauseWorker
from buildledger.events.results import Result
from tests.api.conftest import Site, settled
from tests.projections.world import SOURCE, claim, nowhere, revision, words

SHAPES: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("home", home.Home),
    ("builders/[^/]+/builds/", builds.BuildDetail),
    ("builders/", builders.BuilderDetail),
    ("builders", builders.BuilderPage),
    ("builds/[^/]+/steps", builds.StepList),
    ("builds/[^/]+/blamelist", changes.ChangeList),
    ("builds/", builds.BuildDetail),
    ("builds", builds.BuildPage),
    ("changes/", changes.ChangeDetail),
    ("changes", changes.ChangePage),
    ("sources", changes.SourceList),
    ("people", changes.PersonPage),
    ("requests/", requests.RequestDetail),
    ("requests", requests.RequestPage),
    ("workers/", workers.WorkerDetail),
    ("workers", workers.WorkerPage),
    ("config/revisions/", config.ConfigDetail),
    ("config/revisions", config.ConfigRevisionPage),
    ("config", config.ConfigDetail),
    ("facts", ledger.FactPage),
)
"""What is answered at an address: the first that it begins with."""
LISTS = ("builders", "builds", "changes", "people", "requests", "workers", "config/revisions", "facts")
SINGLE = ("home", "sources", "config")


async def read(client: httpx.AsyncClient, path: str, **parameters: Any) -> Any:
    """A good answer's body."""
    answer = await client.get(f"/api/v1/{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def addresses(client: httpx.AsyncClient) -> list[str]:
    """Every address of a read that there is something at."""
    some = {noun: (await read(client, noun, limit=4))["items"] for noun in ("builds", "requests", "changes")}
    found = [*SINGLE, *LISTS, "requests?status=waiting", "builds?status=running", "builds?result=failure"]
    found += [f"{noun}/{item['id']}" for noun, items in some.items() for item in items]
    found += [f"builds/{build['id']}/{part}" for build in some["builds"][:2] for part in ("steps", "blamelist")]
    found += ["builders/lint", "builders/tests[3.12]", "builders/lint/builds/1", "workers/w1", "config/revisions/1"]
    return found


async def test_answers_as_of_a_position_are_what_was_answered_then(site: Site, client: httpx.AsyncClient) -> None:
    """Every read as of position N equals what it answered when N was the ledger's head, and has its schema's shape."""
    then: dict[int, dict[str, Any]] = {}
    for _ in range(6):
        site.world.act(30)
        site.remember_words()
        position = await settled(site)
        seen = {}
        for address in await addresses(client):
            answer = await client.get(f"/api/v1/{address}")
            if answer.status_code == 200:
                shape = next(model for pattern, model in SHAPES if re.match(pattern, address))
                msgspec.json.decode(answer.content, type=shape)
                seen[address] = answer.json()
        then[position] = seen
    compared = 0
    for position, seen in then.items():
        for address, body in seen.items():
            separator = "&" if "?" in address else "?"
            answer = await client.get(f"/api/v1/{address}{separator}as_of={position}")
            assert answer.json() == body, (position, address)
            assert body["position"] == position
            compared += 1
    assert compared > 100


async def test_pages_neither_skip_nor_repeat(site: Site, client: httpx.AsyncClient) -> None:
    """Following `next` gives every item of a list once, in the order of the whole list, whatever the page's size."""
    site.world.act(150)
    await settled(site)
    for path in (*LISTS, "requests?status=waiting", "facts?order=desc", "facts?name=build.&name=log."):
        address, _, query = path.partition("?")
        parameters = httpx.QueryParams(query)
        whole = (await read(client, address, **parameters.set("limit", 500)))["items"]
        found: list[Any] = []
        cursor = None
        for _ in range(600):
            step = parameters.set("limit", 7)
            answer = await read(client, address, **(step.set("cursor", cursor) if cursor else step))
            found += answer["items"]
            cursor = answer["next"]
            if cursor is None:
                break
        assert found[:500] == whole
        assert len(found) >= len(whole) > 0


async def test_etags_spare_what_is_known(site: Site, client: httpx.AsyncClient) -> None:
    """A caller whose copy is current gets 304; one whose copy is old gets the new answer and a new ETag."""
    site.world.build_once("lint", Result.SUCCESS)
    await settled(site)
    for path in ("home", "builds", "builders/lint", "requests", "workers", "changes", "facts", "sources", "config"):
        first = await client.get(f"/api/v1/{path}")
        again = await client.get(f"/api/v1/{path}", headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304, path
        assert again.content == b""
    before = await client.get("/api/v1/builds")
    site.world.build_once("lint", Result.FAILURE)
    await settled(site)
    moved = await client.get("/api/v1/builds", headers={"If-None-Match": before.headers["ETag"]})
    assert moved.status_code == 200
    assert moved.headers["ETag"] != before.headers["ETag"]


async def test_what_happens_elsewhere_leaves_an_etag_alone(site: Site, client: httpx.AsyncClient) -> None:
    """A fact that changes no row of an answer doesn't change its ETag."""
    site.world.build_once("lint", Result.SUCCESS)
    await settled(site)
    before = await client.get("/api/v1/builds")
    site.world.connect("w1")
    await settled(site)
    again = await client.get("/api/v1/builds", headers={"If-None-Match": before.headers["ETag"]})
    assert again.status_code == 304


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


async def test_builders_that_were_never_built_are_listed(site: Site, client: httpx.AsyncClient) -> None:
    """Every configured builder is there from the start, with what the configuration says of it."""
    await settled(site)
    listed = (await read(client, "builders"))["items"]
    assert [builder["name"] for builder in listed] == ["lint", "tests[3.12]", "tests[3.13]"]
    assert listed[1]["matrix"] == {"python": "3.12"}
    assert {builder["status"] for builder in listed} == {"never_built"}
    found = await read(client, "builders", search="3.13")
    assert [builder["name"] for builder in found["items"]] == ["tests[3.13]"]


async def test_erased_words_are_shown_as_erased(site: Site, client: httpx.AsyncClient) -> None:
    """Once a key is destroyed a commit keeps its place and loses its words."""
    site.world.commit("main")
    site.remember_words()
    await settled(site)
    (before,) = (await read(client, "changes"))["items"]
    assert before["subject"] == "Change 1"
    assert not before["author"]["erased"]
    site.vault.forget(words("change", 1))
    for number in range(4):
        site.vault.forget(words("claim", claim(number)))
    (after,) = (await read(client, "changes"))["items"]
    assert (after["message"], after["subject"], after["erased"]) == (None, None, True)
    assert (after["author"]["text"], after["author"]["name"], after["author"]["erased"]) == (None, None, True)
    assert after["revision"] == before["revision"]


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


@pytest.mark.parametrize(
    "path", ["builds/{}", "builds/{}/steps", "changes/{}", "requests/{}", "logs/{}", "builders/none", "workers/none"]
)
async def test_what_is_not_there_is_a_problem(client: httpx.AsyncClient, path: str) -> None:
    """An unknown id is 404 with a problem document."""
    answer = await client.get("/api/v1/" + path.format(nowhere()))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


async def test_the_future_is_not_there(site: Site, client: httpx.AsyncClient) -> None:
    """A position beyond the ledger's head is a problem, not an empty answer."""
    head = await settled(site)
    for path in ("home", "builds", "facts"):
        answer = await client.get(f"/api/v1/{path}", params={"as_of": head + 1})
        assert (answer.status_code, answer.json()["code"]) == (404, "position_ahead")


async def test_a_cursor_belongs_to_its_list(site: Site, client: httpx.AsyncClient) -> None:
    """A cursor of another list, or none at all, is refused."""
    site.world.act(60)
    await settled(site)
    cursor = (await read(client, "facts", limit=1))["next"]
    for wrong in (cursor, "nonsense", "", "W10", "🙂"):
        answer = await client.get("/api/v1/builds", params={"cursor": wrong})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor"), wrong


async def test_a_position_is_found_by_its_time(site: Site, client: httpx.AsyncClient) -> None:
    """The position at a time is the last one recorded until then."""
    site.world.act(40)
    head = await settled(site)
    randomness = random.Random(3)
    for position in randomness.sample(range(1, head + 1), 5):
        at = site.ledger.read(position - 1, 1)[0].meta.recorded_at
        found = await read(client, "positions", time=at.isoformat())
        assert found["position"] >= position
        after = site.ledger.read(found["position"], 1)
        assert not after or after[0].meta.recorded_at > at
    assert (await read(client, "positions", time="2001-01-01T00:00:00Z"))["position"] == 0
