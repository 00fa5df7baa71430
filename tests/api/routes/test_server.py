"""What the server says of itself."""

from __future__ import annotations

import httpx

from tests.api.conftest import Site


async def test_what_the_dashboard_needs_first(site: Site, client: httpx.AsyncClient) -> None:
    """Title, limits and permissions follow the configuration and who asks."""
    ui = (await client.get("/api/v1/ui-config")).json()
    assert (ui["title"], ui["signed_in"]) == ("Tests", True)
    assert all(ui["permissions"].values())
    async with site.client(Accept="application/json") as stranger:
        ui = (await stranger.get("/api/v1/ui-config")).json()
    assert not any(ui["permissions"].values())
    assert (await client.get("/api/v1/server")).json()["version"]


async def test_which_server_leads_what(client: httpx.AsyncClient) -> None:
    """A server that is alone is listed, and leads what its roles let it lead."""
    (item,) = (await client.get("/api/v1/servers")).raise_for_status().json()["items"]
    assert (item["host"], item["leads"], item["alive"], item["answered"]) == ("ci-1", ["reactors"], True, True)
