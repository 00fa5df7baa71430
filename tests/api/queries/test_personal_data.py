"""Names and messages that were erased."""

from __future__ import annotations

import httpx

from tests.api.calls import read
from tests.api.conftest import Site, settled
from tests.projections.world import claim, words


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
