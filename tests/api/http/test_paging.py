"""Pages of lists."""

from __future__ import annotations

from typing import Any

import httpx

from tests.api.calls import read
from tests.api.conftest import Site, settled

LISTS = ("builders", "builds", "changes", "people", "requests", "workers", "config/revisions", "facts")


async def test_pages_neither_skip_nor_repeat(site: Site, client: httpx.AsyncClient) -> None:
    """Following `next` gives every item of a list once, in the order of the whole list, whatever the page's size."""
    site.world.act(150)
    await settled(site)
    for path in (*LISTS, "requests?status=waiting", "facts?order=desc", "facts?name=build.&name=log."):
        address, _, query = path.partition("?")
        parameters = httpx.QueryParams(query)
        whole = (await read(client, address, **parameters.set("limit", 500)))["items"]
        found: list[Any] = []
        cursor = None
        for _ in range(600):
            step = parameters.set("limit", 7)
            answer = await read(client, address, **(step.set("cursor", cursor) if cursor else step))
            found += answer["items"]
            cursor = answer["next"]
            if cursor is None:
                break
        assert found[:500] == whole
        assert len(found) >= len(whole) > 0


async def test_a_cursor_belongs_to_its_list(site: Site, client: httpx.AsyncClient) -> None:
    """A cursor of another list, or none at all, is refused."""
    site.world.act(60)
    await settled(site)
    cursor = (await read(client, "facts", limit=1))["next"]
    for wrong in (cursor, "nonsense", "", "W10", "🙂"):
        answer = await client.get("/api/v1/builds", params={"cursor": wrong})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor"), wrong
