"""Files of builds come back as they were handed over, and only as downloads."""

from __future__ import annotations

import hashlib

import httpx

from buildledger.domain.build import StoreArtifact
from buildledger.events.build import ArtifactStored
from buildledger.events.ids import operation_id
from tests.api.conftest import Site
from tests.projections.world import nowhere


async def test_an_artifact_is_a_download_that_nobody_can_run(site: Site, client: httpx.AsyncClient) -> None:
    """Its bytes, its size, its name, and headers under which no browser shows or runs it."""
    content = b"<script>alert(1)</script>" * 1000
    digest = hashlib.sha256(content).hexdigest()
    upload = site.deps.artifacts.upload(digest, len(content), 0)
    upload.write(content)
    upload.finish()
    site.world.submit("lint")
    build = site.world.assign()
    assert build is not None
    operation = operation_id(build, 0, 0)
    stored = ArtifactStored(name='out/a "b"\r\n.html', size_bytes=len(content), sha256=digest, operation_id=operation)
    site.world.execute(StoreArtifact(build_id=build, artifact=stored))
    site.settle()
    answer = await client.get(f"/api/v1/artifacts/{operation}")
    assert answer.content == content
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%20%22b%22%0D%0A.html"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_an_artifact_that_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    """It is answered 404."""
    assert (await client.get(f"/api/v1/artifacts/{nowhere()}")).status_code == 404
