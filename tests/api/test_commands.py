"""Commands: durable when answered, visible when answered, harmless when repeated, refused with a reason."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from buildledger.events.build import BuildStopRequested
from buildledger.events.request import RequestSubmitted
from buildledger.events.results import Result
from buildledger.projections.projector import Projector
from tests.api.conftest import Site, settled
from tests.projections.world import configuration, nowhere


async def post(client: httpx.AsyncClient, path: str, body: Any = None, **headers: str) -> httpx.Response:
    """The answer to a command."""
    return await client.post(f"/api/v1/{path}", json=body, headers=headers)


def named(key: str) -> dict[str, str]:
    """An idempotency key, as a header."""
    return {"Idempotency-Key": key}


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


async def test_repeating_a_named_command_does_nothing_again(site: Site, client: httpx.AsyncClient) -> None:
    """The same key with the same body is answered with the same receipt, also after the configuration has changed."""
    first = (await post(client, "builders/lint/force", {"reason": "once"}, **named("k1"))).json()
    site.world.apply_config("lint", title="Another")
    head = site.ledger.head()
    again = (await post(client, "builders/lint/force", {"reason": "once"}, **named("k1"))).json()
    assert (again["request_id"], again["position"]) == (first["request_id"], first["position"])
    assert again["duplicate"]
    assert site.ledger.head() == head


async def test_a_key_stands_for_one_command(client: httpx.AsyncClient) -> None:
    """The same key with another body is refused; the same key at another address is another command."""
    await post(client, "builders/lint/force", {"reason": "once"}, **named("k1"))
    other = await post(client, "builders/lint/force", {"reason": "twice"}, **named("k1"))
    assert other.status_code == 409
    assert other.json()["code"] in ("command_id_reused", "request_contradicted")
    elsewhere = await post(client, "builders/tests[3.12]/force", {"reason": "once"}, **named("k1"))
    assert elsewhere.status_code == 201


async def test_without_a_key_each_command_counts(client: httpx.AsyncClient) -> None:
    """Two forces without a key are two requests."""
    ids = {(await post(client, "builders/lint/force", {})).json()["request_id"] for _ in range(2)}
    assert len(ids) == 2


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


async def test_broken_json_is_malformed(client: httpx.AsyncClient) -> None:
    """A body that isn't JSON is 400."""
    answer = await client.post(
        "/api/v1/builders/lint/force", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_only_configured_builders_can_be_forced(site: Site, client: httpx.AsyncClient) -> None:
    """A builder that has gone from the configuration is known, and can't be built."""
    site.world.apply_config("lint")
    answer = await post(client, "builders/tests[3.12]/force", {})
    assert answer.status_code == 404
    answer = await post(client, "builders/lint/force", {"sources": {"gadget": {"branch": "main"}}})
    assert answer.status_code == 422


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


async def test_requests_are_cancelled_and_prioritised_while_they_wait(site: Site, client: httpx.AsyncClient) -> None:
    """The queue can be changed; a request that doesn't wait any more can't."""
    key = site.world.submit("lint")
    await post(client, f"requests/{key}/priority", {"priority": 77})
    request = (await client.get(f"/api/v1/requests/{key}")).json()["request"]
    assert request["priority"] == 77
    assert (await post(client, f"requests/{key}/cancel", {})).status_code == 200
    request = (await client.get(f"/api/v1/requests/{key}")).json()["request"]
    assert (request["status"], request["result"]) == ("finished", "cancelled")
    refused = await post(client, f"requests/{key}/priority", {"priority": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "request_not_waiting")
    assert (await post(client, f"requests/{nowhere()}/cancel", {})).status_code == 404


async def test_an_id_of_something_else_names_nothing(site: Site, client: httpx.AsyncClient) -> None:
    """A build's id where a request's is wanted, and the other way round, is 404; so is an id that nobody has."""
    key = site.world.submit("lint")
    made = site.world.assign()
    for path in (f"requests/{made}/cancel", f"builds/{key}/stop", f"builds/{nowhere()}/stop"):
        assert (await post(client, path, {})).status_code == 404


async def test_workers_are_paused_and_resumed(site: Site, client: httpx.AsyncClient) -> None:
    """A paused worker says so and why; an unknown one can't be paused."""
    await post(client, "workers/w1/pause", {"reason": "new disk"})
    worker = (await client.get("/api/v1/workers/w1")).json()["worker"]
    assert (worker["paused"], worker["pause_reason"]) == (True, "new disk")
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
    stored = b"".join(bytes(fact.state) for fact in site.ledger.store.select_notifications(1, 10_000))
    assert first["token"].encode() not in stored
    assert (await post(client, "enrollment-tokens", {"worker": "nobody"})).status_code == 404


async def test_a_hook_triggers_a_poll(site: Site, client: httpx.AsyncClient) -> None:
    """A polled source is polled at once, whatever the body is; another source is 404."""
    answer = await client.post("/api/v1/sources/widget/trigger-poll", json={"ref": "refs/heads/main", "commits": []})
    assert answer.status_code == 202
    assert site.polled == ["widget"]
    assert (await client.post("/api/v1/sources/gadget/trigger-poll")).status_code == 404


async def test_a_configuration_is_applied_whole_at_the_expected_revision(site: Site, client: httpx.AsyncClient) -> None:
    """A revision that isn't in force any more is refused; a text that is no configuration stays outside."""
    wanted = configuration("lint", "docs")
    body = {"text": wanted.to_json(), "origin": "test.yaml", "expected_revision": 1}
    assert (await post(client, "config", body)).status_code == 200
    assert (await client.get("/api/v1/config")).json()["revision"]["revision"] == 2
    assert (await client.get("/api/v1/builders/docs")).status_code == 200
    stale = body | {"text": configuration("lint").to_json()}
    refused = await post(client, "config", stale)
    assert (refused.status_code, refused.json()["code"]) == (409, "config_revision")
    assert (await post(client, "config", body | {"text": "{}"})).status_code == 422


async def test_nobody_has_to_wait(site: Site, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """`wait=false` and `Prefer: respond-async` are answered as soon as it is durable, though no read shows it yet."""
    projector = site.deps.projector
    assert isinstance(projector, Projector)
    projector.close()
    for answer in (
        await client.post("/api/v1/builders/lint/force?wait=false", json={}),
        await client.post("/api/v1/builders/lint/force", json={}, headers={"Prefer": "respond-async"}),
    ):
        assert answer.status_code == 201
        assert not answer.json()["visible"]
        assert site.ledger.head() >= answer.json()["position"]
