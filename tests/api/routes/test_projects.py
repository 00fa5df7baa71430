"""Projects."""

from __future__ import annotations

import httpx
import msgspec

from buildledger.config.resolved import Project
from buildledger.domain.config import ApplyConfig
from tests.api.calls import read
from tests.api.conftest import Site, settled
from tests.projections.samples import builder, configuration


async def describe(site: Site) -> None:
    """Put a configuration in force whose builders belong to projects, of which it describes two."""
    plain = configuration("lint")
    builders = {
        "lint": msgspec.structs.replace(builder("lint"), project="widget", protected=True, timeout_seconds=60.0),
        "docs": msgspec.structs.replace(builder("docs"), project="undescribed"),
        "free": builder("free"),
    }
    described = {
        "widget": Project(name="widget", title="The Widget", description="Spins", url="https://example.org"),
        "empty": Project(name="empty", title="empty"),
    }
    wanted = msgspec.structs.replace(plain, builders=builders, projects=described)
    site.world.execute(ApplyConfig(digest=wanted.digest, text=wanted.to_json(), origin="ci.yaml"))


async def test_projects_are_listed_with_what_is_said_of_them(site: Site, client: httpx.AsyncClient) -> None:
    """Those that the configuration describes, and those that builders name; as of any position."""
    before = await settled(site)
    await describe(site)
    await settled(site)
    assert [
        (each["name"], each["title"], each["builder_count"]) for each in (await read(client, "projects"))["items"]
    ] == [
        ("empty", "empty", 0),
        ("undescribed", "undescribed", 1),
        ("widget", "The Widget", 1),
    ]
    widget = (await read(client, "projects/widget"))["project"]
    assert (widget["description"], widget["url"], widget["broken_count"]) == ("Spins", "https://example.org", 0)
    assert (await read(client, "projects", as_of=before))["items"] == []


async def test_a_project_that_is_not_there(site: Site, client: httpx.AsyncClient) -> None:
    """It is 404, with the name that may have been meant."""
    await describe(site)
    await settled(site)
    answer = await client.get("/api/v1/projects/wigdet")
    assert answer.status_code == 404
    assert "did you mean 'widget'?" in answer.text


async def test_a_builder_says_that_it_is_protected_and_how_long_it_may_take(
    site: Site, client: httpx.AsyncClient
) -> None:
    """As its configuration does."""
    await describe(site)
    await settled(site)
    lint, free = await read(client, "builders/lint"), await read(client, "builders/free")
    assert (lint["protected"], lint["timeout_seconds"]) == (True, 60.0)
    assert (free["protected"], free["timeout_seconds"]) == (False, None)
