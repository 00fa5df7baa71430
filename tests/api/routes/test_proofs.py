"""Signed heads and proofs that anyone can check."""

from __future__ import annotations

import base64

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from buildledger.ledger import merkle
from tests.api.conftest import Site, settled


@pytest.fixture
async def head(site: Site) -> int:
    """A ledger with a history; its head."""
    site.world.act(60)
    return await settled(site)


async def test_a_fact_is_proven_against_a_signed_head(client: httpx.AsyncClient, head: int) -> None:
    """The inclusion proof leads from the leaf to the root that the server has signed."""
    signed = (await client.get("/api/v1/tree-head", params={"covering": head})).json()
    assert signed["size"] == head
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signed["public_key"]))
    key.verify(base64.b64decode(signed["signature"]), signed["text"].encode())
    assert str(head) in signed["text"].splitlines()
    assert base64.b64encode(bytes.fromhex(signed["root"])).decode() in signed["text"]
    for position in (1, 7, head):
        parameters = {"position": position, "tree_size": head}
        proof = (await client.get("/api/v1/proofs/inclusion", params=parameters)).json()
        path = [bytes.fromhex(node) for node in proof["path"]]
        leaf, root = bytes.fromhex(proof["leaf_hash"]), bytes.fromhex(signed["root"])
        assert merkle.verify_inclusion(leaf, position - 1, head, path, root)
        assert proof["leaf_hash"] == (await client.get(f"/api/v1/facts/{position}")).json()["leaf_hash"]


async def test_the_ledger_is_proven_to_have_only_grown(client: httpx.AsyncClient, head: int) -> None:
    """The consistency proof leads from an earlier root to a later one."""
    proof = (await client.get("/api/v1/proofs/consistency", params={"first": 5, "second": head})).json()
    first, second = bytes.fromhex(proof["first_root"]), bytes.fromhex(proof["second_root"])
    path = [bytes.fromhex(node) for node in proof["path"]]
    assert merkle.verify_consistency(5, first, head, second, path)


async def test_proofs_about_the_future_are_refused(client: httpx.AsyncClient, head: int) -> None:
    """What isn't recorded can't be proven."""
    for path in ("proofs/inclusion?position", "proofs/consistency?first", "tree-head?covering"):
        answer = await client.get(f"/api/v1/{path}={head + 1}")
        assert (answer.status_code, answer.json()["code"]) == (404, "position_ahead")
    contradictory = await client.get("/api/v1/proofs/inclusion", params={"position": 5, "tree_size": 4})
    assert contradictory.status_code == 422
