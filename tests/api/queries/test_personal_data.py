"""Names and messages that were erased, or altered."""

from __future__ import annotations

from uuid import UUID

import httpx
import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from buildledger.events.change import ChangeRecorded
from buildledger.events.person import ClaimRecorded
from buildledger.ledger.vault import KEYS, WORDS, Vault
from tests.api.calls import read
from tests.api.conftest import Site, settled
from tests.projections.samples import claim, words


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


async def test_what_was_sealed_anew_is_shown_as_altered(site: Site, client: httpx.AsyncClient) -> None:
    """A message and a name that aren't those that were recorded are not shown, nor called erased; all others are."""
    body = {"branch": "main", "commits": [commit("a" * 40, "fix the widget"), commit("b" * 40, "and the gadget")]}
    (await client.post("/api/v1/sources/widget/changes", json=body)).raise_for_status()
    facts = [each.fact for each in site.ledger.read(0, 100)]
    (change, _), (claim,) = (
        [fact for fact in facts if isinstance(fact, kind)] for kind in (ChangeRecorded, ClaimRecorded)
    )
    kept = site.vault.get_many({change.words_id: change.words_digest, claim.words_id: claim.words_digest}).texts
    for word_id, text in kept.items():
        seal_anew(site.vault, word_id, text.replace("fix", "break").replace(" <", "  <"))
    second, first = (await read(client, "changes"))["items"]
    assert (first["message"], first["subject"], first["erased"], first["altered"]) == (None, None, False, True)
    assert (second["message"], second["altered"]) == ("and the gadget", False)
    author = second["author"]
    assert (author["text"], author["name"], author["erased"], author["altered"]) == (None, None, False, True)


def commit(revision: str, message: str) -> dict[str, object]:
    """A commit as it is handed in."""
    committed_at = "2026-01-02T03:04:05Z"
    rest = {"parents": [], "files": [], "committed_at": committed_at}
    return {"revision": revision, "message": message, "author": "Jane Doe <jane@example.org>", **rest}


def seal_anew(vault: Vault, word_id: UUID, text: str) -> None:
    """What somebody does who holds the keys."""
    with vault._engine.begin() as connection:
        of_it = sa.select(KEYS.c.key, WORDS.c.nonce).join(WORDS, KEYS.c.id == WORDS.c.id).where(KEYS.c.id == word_id)
        key, nonce = connection.execute(of_it).one()
        sealed = AESGCM(key).encrypt(nonce, text.encode(), word_id.bytes)
        connection.execute(sa.update(WORDS).where(WORDS.c.id == word_id).values(sealed=sealed))
