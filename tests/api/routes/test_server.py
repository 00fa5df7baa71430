"""What the server says of itself."""

from __future__ import annotations

import httpx

from buildledger.config.configurations import UnreadableConfigurationError
from buildledger.config.stored import read_configuration
from buildledger.domain.config import ApplyConfig
from buildledger.events.stored_format import UnreadableTextError
from tests.api.conftest import LedgerConfiguration, Site


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


async def test_a_configuration_that_cannot_be_read_is_said(site: Site, client: httpx.AsyncClient) -> None:
    """The server answers everything that it can without it, and its health says what to do."""
    text = '{"format":99}'
    applied = site.world.execute(ApplyConfig(digest="0" * 64, text=text, origin="ci.yaml"))
    active = site.deps.active
    assert isinstance(active, LedgerConfiguration)
    active.unreadable = unreadable(applied, text)
    site.settle()
    for path in ("home", "builders", "builders/lint", "workers", "requests", "sources", "config", "config/revisions"):
        assert (await client.get(f"/api/v1/{path}")).status_code == 200, path
    assert len((await client.get("/api/v1/builders")).json()["items"]) > 0
    health = (await client.get("/api/v1/health")).json()
    assert health["status"] == "degraded"
    (problem,) = health["problems"]
    assert "format 99" in problem
    assert "buildledger config apply FILE" in problem


def unreadable(position: int, text: str) -> Exception:
    """What is known of a configuration that can't be read."""
    try:
        read_configuration(text)
    except UnreadableTextError as error:
        return UnreadableConfigurationError(position, error)
    raise AssertionError("it can be read")
