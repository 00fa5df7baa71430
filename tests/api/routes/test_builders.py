"""Builders, and builds that are forced by hand."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from buildledger.domain.config import ApplyConfig
from buildledger.events.request import RequestSubmitted
from buildledger.testing.configuration import load_text
from tests.api.calls import post, read
from tests.api.conftest import Site, settled


async def test_a_forced_build_is_durable_and_visible_when_it_is_answered(site: Site, client: httpx.AsyncClient) -> None:
    """The answer names the request and its position; the ledger has it and the next read shows it."""
    answer = await post(
        client, "builders/lint/force", {"branch": "topic", "reason": "why not", "priority": 5, "inputs": {"fast": True}}
    )
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    assert receipt["visible"]
    assert not receipt["duplicate"]
    (recorded,) = site.ledger.read(receipt["position"] - 1, 1)
    assert isinstance(recorded.fact, RequestSubmitted)
    assert recorded.meta.actor.startswith("user:")
    assert recorded.meta.correlation_id == recorded.stream_id
    (request,) = (await client.get("/api/v1/requests?status=waiting")).json()["items"]
    assert request["id"] == receipt["request_id"]
    assert request["inputs"] == {"version": "1", "fast": True}
    assert request["stamps"][0]["branch"] == "topic"
    assert request["trigger"] == "by-hand"
    assert request["requested_by"]["label"] == "admin"
    assert request["priority"] == 5


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"inputs": {"version": "one"}}, "inputs/version"),
        ({"inputs": {"fast": "yes"}}, "inputs/fast"),
        ({"inputs": {"speed": 3}}, "inputs/speed"),
        ({"branch": 7}, "branch"),
        ({"revision": "--upload-pack=x"}, "revision"),
        ({"colour": "red"}, "colour"),
        ({"priority": 10**9}, "priority"),
    ],
)
async def test_wrong_inputs_are_named(client: httpx.AsyncClient, body: dict[str, Any], at: str) -> None:
    """What doesn't fit the builder's inputs or the body's schema is 422, and says where."""
    answer = await post(client, "builders/lint/force", body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert any(error["at"].startswith(at) for error in answer.json()["errors"])


async def test_what_is_forced_is_looked_up(site: Site, client: httpx.AsyncClient) -> None:
    """A tag is stored as the whole revision it stood for, also in the answer to a repetition when it has moved."""
    site.revisions.tags["v1"] = "a" * 40
    key = {"Idempotency-Key": "once"}
    first = (await post(client, "builders/lint/force", {"revision": "v1"}, **key)).json()
    (request,) = (await client.get("/api/v1/requests?status=waiting")).json()["items"]
    assert request["stamps"][0]["revision"] == "a" * 40
    site.revisions.tags["v1"] = "b" * 40
    again = (await post(client, "builders/lint/force", {"revision": "v1"}, **key)).json()
    assert (again["request_id"], again["duplicate"]) == (first["request_id"], True)
    other = await post(client, "builders/lint/force", {"revision": "c" * 40}, **key)
    assert other.status_code == 409


@pytest.mark.parametrize(("body", "at"), [({"branch": "gone"}, "branch"), ({"revision": "gone"}, "revision")])
async def test_what_is_not_there_is_not_queued(
    site: Site, client: httpx.AsyncClient, body: dict[str, Any], at: str
) -> None:
    """It is 422 with the reason at once, instead of a build that fails on a worker."""
    site.revisions.missing.add("gone")
    head = site.ledger.head()
    answer = await post(client, "builders/lint/force", body)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"in": "body", "at": at, "message": f"source widget has no {at} 'gone'"}]
    assert site.ledger.head() == head


async def test_only_configured_builders_can_be_forced(site: Site, client: httpx.AsyncClient) -> None:
    """A builder that has gone from the configuration is known, and can't be built."""
    site.world.apply_config("lint")
    answer = await post(client, "builders/tests[3.12]/force", {})
    assert answer.status_code == 404
    answer = await post(client, "builders/lint/force", {"sources": {"gadget": {"branch": "main"}}})
    assert answer.status_code == 422


async def test_builders_that_were_never_built_are_listed(site: Site, client: httpx.AsyncClient) -> None:
    """Every configured builder is there from the start, with what the configuration says of it."""
    await settled(site)
    listed = (await read(client, "builders"))["items"]
    assert [builder["name"] for builder in listed] == ["lint", "tests[3.12]", "tests[3.13]"]
    assert listed[1]["matrix"] == {"python": "3.12"}
    assert {builder["status"] for builder in listed} == {"never_built"}
    found = await read(client, "builders", search="3.13")
    assert [builder["name"] for builder in found["items"]] == ["tests[3.13]"]


WIDGET = """\
version: 1
sources: {widget: {git: "https://git.example/widget.git"}, proto: {git: "https://git.example/proto.git"}}
locks: {board: {count: 2}}
builders:
  tests:
    project: widget
    tags: [fast]
    matrix: {axes: {python: ["3.12", "3.13"]}}
    steps: [{checkout: widget}, {run: [pytest], locks: board, timeout: 20m}]
  tests-all:
    project: widget
    protected: true
    tags: [fast, nightly]
    steps: [{checkout: proto}, {run: [make]}]
  docs:
    pick: most-busy
    priority: 3
    inputs: {zone: {default: a}, level: {default: 1}}
    steps: [{run: [make, docs, {input: zone}, {input: level}]}]
triggers: [{name: nightly, on: cron, at: "0 3 * * *", build: [tests]}]
"""


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"base": "tests"}, ["tests[3.12]", "tests[3.13]"]),
        ({"project": "widget"}, ["tests-all", "tests[3.12]", "tests[3.13]"]),
        ({"tag": "nightly"}, ["tests-all"]),
        ({"tag": "fas"}, []),
        ({"source": "proto"}, ["tests-all"]),
        ({"source": "widget", "tag": "fast"}, ["tests[3.12]", "tests[3.13]"]),
        ({"protected": "true"}, ["tests-all"]),
        ({"protected": "false", "project": "widget"}, ["tests[3.12]", "tests[3.13]"]),
    ],
)
async def test_builders_are_found_by_what_the_configuration_says(
    site: Site, client: httpx.AsyncClient, filters: dict[str, str], names: list[str]
) -> None:
    """By the name of a matrix, a project, a tag, a source that is checked out, and whether they are protected."""
    await applied(site)
    listed = (await read(client, "builders", **filters))["items"]
    assert [builder["name"] for builder in listed] == names


async def test_a_builder_is_shown_with_all_its_settings(site: Site, client: httpx.AsyncClient) -> None:
    """As a file could have it, and with what asks for its builds."""
    await applied(site)
    text = (await read(client, "builders/docs/definition"))["text"]
    assert "  pick: most-busy\n" in text
    assert "  priority: 3\n" in text
    text = (await read(client, "builders/tests[3.13]/definition"))["text"]
    assert "      locks: [board]\n" in text
    assert "      timeout: {no_output: 20m, total: 20m}" in text
    detail = await read(client, "builders/tests[3.13]")
    assert detail["triggers"] == [{"name": "nightly", "on": "cron"}]
    assert (await client.get("/api/v1/builders/lint/definition")).status_code == 404


async def test_inputs_stand_in_the_order_of_the_file(site: Site, client: httpx.AsyncClient) -> None:
    """A form asks in the order that somebody chose, and a number is taken as text for a build by hand too."""
    await applied(site)
    asked = (await read(client, "builders/docs"))["inputs"]
    assert [(each["name"], each["default"]) for each in asked] == [("zone", "a"), ("level", "1")]
    assert (await post(client, "builders/docs/force", {"inputs": {"level": 3}})).status_code == 201
    (request,) = (await client.get("/api/v1/requests?status=waiting")).json()["items"]
    assert request["inputs"] == {"zone": "a", "level": "3"}


async def applied(site: Site) -> None:
    """Put the widget's configuration in force."""
    wanted = load_text(WIDGET)
    site.world.execute(ApplyConfig(digest=wanted.digest, text=wanted.to_json(), origin="buildledger.yaml"))
    await settled(site)
