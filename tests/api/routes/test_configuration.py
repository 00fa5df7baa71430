"""Putting a configuration in force."""

from __future__ import annotations

import httpx

from tests.api.calls import post
from tests.api.conftest import Site
from tests.projections.samples import configuration


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


async def test_a_configuration_applied_again_is_answered_alike(site: Site, client: httpx.AsyncClient) -> None:
    """A repetition by its key is answered as the first, though there is nothing left to change; another text isn't."""
    key = {"Idempotency-Key": "once"}
    body = {"text": configuration("lint", title="Another").to_json(), "origin": "here"}
    first, again = [await client.post("/api/v1/config", json=body, headers=key) for _ in range(2)]
    assert again.status_code == 200, again.text
    assert (again.json()["position"], again.json()["duplicate"]) == (first.json()["position"], True)
    other = body | {"text": configuration("tests").to_json()}
    assert (await client.post("/api/v1/config", json=other, headers=key)).status_code == 409
