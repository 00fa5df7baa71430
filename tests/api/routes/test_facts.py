"""Facts: filtered, found by time, with their stored bytes."""

from __future__ import annotations

import hashlib
import random

import httpx
import msgspec
import pytest

from buildledger.api.models.limits import LISTED_CHARACTERS
from buildledger.domain.config import ApplyConfig
from buildledger.ledger.submission import Origin
from buildledger.testing.configuration import load_text
from tests.api.calls import read
from tests.api.conftest import Site, settled


@pytest.fixture
async def head(site: Site) -> int:
    """A ledger with a history; its head."""
    site.world.act(60)
    return await settled(site)


async def test_a_leaf_hash_follows_from_the_stored_bytes(client: httpx.AsyncClient, head: int) -> None:
    """From what is answered of a fact alone, its leaf hash can be computed again."""
    for position in (1, head // 2, head):
        detail = (await client.get(f"/api/v1/facts/{position}")).json()
        fact = detail["fact"]
        name = fact["name"].encode()
        entry = (
            bytes.fromhex(fact["stream_id"].replace("-", ""))
            + fact["version"].to_bytes(8, "big")
            + len(name).to_bytes(2, "big")
            + name
            + detail["stored"].encode()
        )
        assert hashlib.sha256(b"\0" + entry).hexdigest() == detail["leaf_hash"]
    assert (await client.get(f"/api/v1/facts/{head + 1}")).status_code == 404


async def test_facts_are_filtered(site: Site, client: httpx.AsyncClient, head: int) -> None:
    """By name, stream and correlation, forwards and backwards, up to a position."""
    facts = site.ledger.read(0, head)
    names = [recorded.position for recorded in facts if recorded.name.startswith("request.")]
    forwards = (await client.get("/api/v1/facts", params={"name": "request.", "limit": 500})).json()["items"]
    assert [item["position"] for item in forwards] == names
    backwards = (await client.get("/api/v1/facts?name=request.&limit=500&order=desc")).json()["items"]
    assert [item["position"] for item in backwards] == names[::-1]
    stream = str(facts[names[0] - 1].stream_id)
    own = (await client.get("/api/v1/facts", params={"stream": stream})).json()["items"]
    assert {item["stream_id"] for item in own} == {stream}
    early = (await client.get("/api/v1/facts", params={"as_of": 10, "after": 4})).json()
    assert [item["position"] for item in early["items"]] == list(range(5, 11))
    assert early["next"] is None
    nothing = (await client.get("/api/v1/facts", params={"name": "nothing."})).json()
    assert nothing["items"] == []


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


async def test_a_list_leaves_out_a_text_that_is_too_long_for_it(site: Site, client: httpx.AsyncClient) -> None:
    """A large configuration doesn't come with every page of facts; the fact itself has it."""
    configuration = load_text("version: 1\n")
    title = msgspec.structs.replace(configuration.server, title="x" * LISTED_CHARACTERS)
    large = msgspec.structs.replace(configuration, server=title)
    command = ApplyConfig(digest=large.digest, text=(text := large.to_json()), origin="ci.yaml")
    site.ledger.execute_blocking(command, origin=Origin(actor="system"))
    (listed, *_) = (await client.get("/api/v1/facts?order=desc&limit=1")).json()["items"]
    assert (listed["data"]["text"], listed["left_out"]) == ("", ["text"])
    fact = (await client.get(f"/api/v1/facts/{listed['position']}")).json()["fact"]
    assert (fact["data"]["text"], fact["left_out"]) == (text, [])
