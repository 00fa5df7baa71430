"""What no address takes: bodies without end, addresses with a NUL, names longer than any."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from buildledger.api.http.body_limit import BODY_BYTES, CONFIG_BYTES, OPEN_BYTES, PUSH_BYTES, limit_of
from tests.api.conftest import Site

CHUNK = b"x" * 65_536


async def test_a_body_is_refused_before_it_is_read(site: Site) -> None:
    """Whoever says its length is answered 413 at once, signed in or not."""
    async with site.client(Accept="application/json") as stranger:
        headers = {"Content-Length": str(600 << 20), "Content-Type": "application/json"}
        answer = await stranger.post("/api/v1/session", content=b"{", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert str(OPEN_BYTES) in answer.json()["detail"]


async def test_a_body_without_a_length_is_read_up_to_the_limit(site: Site) -> None:
    """No more of it is kept in memory than the address takes."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(600 << 20 >> 16):
            sent += len(CHUNK)
            yield CHUNK

    async with site.client(Accept="application/json") as stranger:
        answer = await stranger.post("/api/v1/session", content=endless(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert sent <= OPEN_BYTES + 2 * len(CHUNK)


async def test_every_route_has_a_limit(site: Site, client: httpx.AsyncClient) -> None:
    """Each address that takes a body refuses one beyond its own limit."""
    paths = site.app.openapi()["paths"]
    with_body = [
        (verb, path) for path, verbs in paths.items() for verb in verbs if verb in ("post", "put", "patch", "delete")
    ]
    assert len(with_body) > 10
    for verb, path in with_body:
        address = path.replace("{", "").replace("}", "")
        headers = {"Content-Length": str(limit_of(address) + 1), "Content-Type": "application/json"}
        answer = await client.request(verb, address, content=b"{", headers=headers)
        assert answer.status_code == 413, path
    assert {limit_of("/api/v1/x"), limit_of("/api/v1/sources/a/changes"), limit_of("/api/v1/configuration")} == {
        BODY_BYTES,
        PUSH_BYTES,
        CONFIG_BYTES,
    }


@pytest.mark.parametrize(
    "address",
    ["/%00", "/assets/%00.js", "/api/v1/builders/%00", "/api/v1/changes?branch=%00", "/api/v1/builds/%00?limit=1"],
)
async def test_an_address_with_a_nul_is_malformed(client: httpx.AsyncClient, address: str) -> None:
    """400, whatever it would have been used for: no file and no database has such a name."""
    answer = await client.get(address)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("address", ["/" + "a" * 5_000, "/" + "b/" * 3_000, "/api/v1/builders/" + "c" * 5_000])
async def test_a_long_address_is_not_found(client: httpx.AsyncClient, address: str) -> None:
    """Or invalid, or a page; never a fault of the server."""
    answer = await client.get(address)
    assert answer.status_code in (404, 422, 503), answer.text
    assert answer.status_code != 500
