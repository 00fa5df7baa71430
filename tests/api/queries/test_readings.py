"""Reading at a position, once for everything in the answer, and only what is new."""

from __future__ import annotations

import re
from typing import Any

import httpx
import msgspec

from buildledger.api.models import builders, builds, changes, config, home, ledger, requests, workers
from buildledger.events.results import Result
from tests.api.calls import read
from tests.api.conftest import Site, settled

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


async def test_the_future_is_not_there(site: Site, client: httpx.AsyncClient) -> None:
    """A position beyond the ledger's head is a problem, not an empty answer."""
    head = await settled(site)
    for path in ("home", "builds", "facts"):
        answer = await client.get(f"/api/v1/{path}", params={"as_of": head + 1})
        assert (answer.status_code, answer.json()["code"]) == (404, "position_ahead")
