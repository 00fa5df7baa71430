"""Commands: durable when answered, harmless when repeated, awaited only by who wants to."""

from __future__ import annotations

import httpx
import pytest

from buildledger.projections.projector import Projector
from tests.api.calls import named, post
from tests.api.conftest import Site
from tests.projections.samples import nowhere


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


async def test_an_id_of_something_else_names_nothing(site: Site, client: httpx.AsyncClient) -> None:
    """A build's id where a request's is wanted, and the other way round, is 404; so is an id that nobody has."""
    key = site.world.submit("lint")
    made = site.world.assign()
    for path in (f"requests/{made}/cancel", f"builds/{key}/stop", f"builds/{nowhere()}/stop"):
        assert (await post(client, path, {})).status_code == 404


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
