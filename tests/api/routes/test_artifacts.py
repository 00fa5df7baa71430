"""Files and directories of builds come back as they were handed over, and only as downloads; so do tests."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import stat
import zipfile
from datetime import timedelta

import httpx
import pytest

from buildledger.domain.build import (
    RemoveArtifact,
)
from buildledger.logs.artifacts_local import LocalArtifactStore
from buildledger.logs.artifacts_manifest import Entry, Manifest, link_digest
from tests.api.conftest import Site
from tests.api.stored_builds import HTML, Builds, a_directory
from tests.projections.samples import nowhere


@pytest.fixture
def builds(site: Site) -> Builds:
    return Builds(site)


async def test_an_artifact_is_a_download_that_nobody_can_run(builds: Builds, client: httpx.AsyncClient) -> None:
    """Its bytes, its size, its name, and headers under which no browser shows or runs it."""
    operation = builds.keep('out/a "b"\r\n.html', HTML)
    answer = await client.get(f"/api/v1/artifacts/{operation}")
    assert answer.content == HTML
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%20%22b%22%0D%0A.html"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["ETag"] == f'"{hashlib.sha256(HTML).hexdigest()}"'


async def test_parts_and_copies_that_are_current(builds: Builds, client: httpx.AsyncClient) -> None:
    """A range is answered with that range, a copy that is current with 304, a range of another file with all of it."""
    address = f"/api/v1/artifacts/{builds.keep('a.bin', b'0123456789')}"
    etag = (await client.get(address)).headers["ETag"]
    for asked, content in (("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-2", b"89"), ("bytes=8-99", b"89")):
        answer = await client.get(address, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (206, content)
        assert int(answer.headers["Content-Length"]) == len(content)
    assert answer.headers["Content-Range"] == "bytes 8-9/10"
    assert (await client.get(address, headers={"Range": "bytes=10-"})).status_code == 416
    assert (await client.get(address, headers={"If-None-Match": etag})).status_code == 304
    for given, code in ((etag, 206), ('"another"', 200)):
        headers = {"Range": "bytes=0-0", "If-Range": given}
        assert (await client.get(address, headers=headers)).status_code == code


async def test_head_tells_what_get_would(builds: Builds, client: httpx.AsyncClient) -> None:
    """Size, name and digest of a file, a directory and a file in it, without their bytes."""
    file, directory = builds.keep("a.bin", b"0123456789"), builds.keep_directory("site", a_directory(builds))
    for address in (f"{file}", f"{directory}", f"{directory}/files/bin/tool"):
        told, sent = await client.head(f"/api/v1/artifacts/{address}"), await client.get(f"/api/v1/artifacts/{address}")
        assert told.status_code == sent.status_code == 200
        assert told.content == b""
        for name in ("ETag", "Content-Disposition", "Content-Type", "Content-Length"):
            assert told.headers.get(name) == sent.headers.get(name)


async def test_a_directory_is_a_zip(builds: Builds, client: httpx.AsyncClient) -> None:
    """With modes, links and empty directories; the same bytes each time, so a copy can be current."""
    operation = builds.keep_directory("site", a_directory(builds))
    answer = await client.get(f"/api/v1/artifacts/{operation}")
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''site.zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    assert archive.read("index.html") == HTML
    modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
    assert modes["bin/tool"] == stat.S_IFREG | 0o755
    assert stat.S_ISLNK(modes["naïve"])
    assert archive.read("naïve") == b"bin/tool"
    assert stat.S_ISDIR(modes["void/"])
    assert (await client.get(f"/api/v1/artifacts/{operation}")).content == answer.content
    headers = {"If-None-Match": answer.headers["ETag"]}
    assert (await client.get(f"/api/v1/artifacts/{operation}", headers=headers)).status_code == 304


async def test_a_zip_leads_nowhere_and_makes_nobody_mightier(builds: Builds, client: httpx.AsyncClient) -> None:
    """Names that would be paths on Windows or forge a listing are made plain, each its own; no file is set-uid."""
    names = ["..\\..\\evil.bat", ".._.._evil.bat", "C:\\x", "a\r\nb", "a\x1bb"]
    sha256 = builds.site.deps.artifacts.put(HTML)
    manifest = Manifest.of(
        [
            *(Entry(path=name, type="file", mode=0o6755, size=len(HTML), sha256=sha256) for name in names),
            Entry(path="link", type="link", target="D:\\x"),
        ]
    )
    answer = await client.get(f"/api/v1/artifacts/{builds.keep_directory('site', manifest)}")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert sorted(info.orig_filename for info in archive.infolist()) == [
        ".._.._evil.bat", ".._.._evil.bat~2", "C__x", "a__b", "a_b", "link",
    ]  # fmt: skip
    assert archive.read("link") == b"D__x"
    modes = {info.external_attr >> 16 for info in archive.infolist() if info.filename != "link"}
    assert modes == {stat.S_IFREG | 0o755}


async def test_one_file_of_a_directory(builds: Builds, client: httpx.AsyncClient) -> None:
    """By its path, as a download with its own digest; a link, a directory and what leads out of it are not found."""
    address = f"/api/v1/artifacts/{builds.keep_directory('site', a_directory(builds))}"
    answer = await client.get(f"{address}/files/index.html")
    assert answer.content == HTML
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''index.html"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    for path in ("naïve", "void", "void/", "missing", "../index.html", "%2e%2e/index.html", "/etc/passwd"):
        assert (await client.get(f"{address}/files/{path}")).status_code == 404
    entries = (await client.get(f"{address}/entries")).json()["entries"]
    assert [(one["path"], one["kind"], one["executable"]) for one in entries] == [
        ("bin/tool", "file", True),
        ("index.html", "file", False),
        ("naïve", "link", False),
        ("void", "directory", False),
    ]


async def test_list_of_a_build(builds: Builds, client: httpx.AsyncClient, site: Site) -> None:
    """Name, kind, type, size, digest, when it goes; also as of a time before it was there."""
    before = site.settle()
    builds.keep("widget.tar.gz", b"x")
    builds.keep_directory("site", a_directory(builds))
    site.app.state.dependencies = dataclasses.replace(site.deps, keep_artifacts=timedelta(days=30))
    answer = (await client.get(f"/api/v1/builds/{builds.build}/artifacts")).json()
    file, directory = answer["items"]
    assert (file["name"], file["kind"], file["size_bytes"], file["file_count"]) == ("widget.tar.gz", "file", 1, 1)
    assert file["type"] == "application/x-tar"
    assert (directory["kind"], directory["file_count"], directory["size_bytes"]) == ("directory", 2, len(HTML) + 4)
    assert file["expires_at"][:10] > file["stored_at"][:10]
    past = (await client.get(f"/api/v1/builds/{builds.build}/artifacts", params={"as_of": before})).json()
    assert past["items"] == []
    detail = (await client.get(f"/api/v1/builds/{builds.build}")).json()
    assert [one["name"] for one in detail["artifacts"]] == ["widget.tar.gz", "site"]


async def test_what_was_removed_is_gone_and_known(builds: Builds, client: httpx.AsyncClient, site: Site) -> None:
    """410 says when and why; it stays in the list, and a read of the past shows it as it was."""
    operation = builds.keep_directory("site", a_directory(builds))
    before = site.settle()
    site.world.execute(RemoveArtifact(build_id=builds.build, operation_id=operation, reason="expired"))
    site.settle()
    for path in ("", "/entries", "/files/index.html"):
        answer = await client.get(f"/api/v1/artifacts/{operation}{path}")
        assert (answer.status_code, answer.json()["code"]) == (410, "gone")
        assert "'site' was removed on" in answer.json()["detail"]
        assert "older than artifacts are kept" in answer.json()["detail"]
    (listed,) = (await client.get(f"/api/v1/builds/{builds.build}/artifacts")).json()["items"]
    assert (listed["removed_because"], listed["removed_at"] is None) == ("expired", False)
    address = f"/api/v1/builds/{builds.build}/artifacts"
    (then,) = (await client.get(address, params={"as_of": before})).json()["items"]
    assert then["removed_at"] is None


async def test_bytes_that_are_missing_are_told(builds: Builds, client: httpx.AsyncClient) -> None:
    """A file that went from the disk without a fact is no broken download, it is 410."""
    manifest = a_directory(builds)
    directory, file = builds.keep_directory("site", manifest), builds.keep("a", b"a")
    for digest in (manifest.files[0].sha256, hashlib.sha256(b"a").hexdigest()):
        builds.site.deps.artifacts.remove(digest, float("inf"))
    for operation in (directory, file):
        assert (await client.get(f"/api/v1/artifacts/{operation}")).status_code == 410
    assert link_digest(manifest.entries[2]) in manifest.digests()


@pytest.mark.parametrize("seen_before", [False, True])
async def test_altered_bytes_are_never_sent(builds: Builds, client: httpx.AsyncClient, seen_before: bool) -> None:
    """Neither of a file nor of anything in a directory: 409, with the reason; checked again when a file was written."""
    manifest = a_directory(builds)
    directory, file = builds.keep_directory("site", manifest), builds.keep("a", b"a")
    paths = [f"artifacts/{directory}", f"artifacts/{directory}/files/{manifest.files[0].path}", f"artifacts/{file}"]
    if seen_before:
        assert [(await client.get(f"/api/v1/{path}")).status_code for path in paths] == [200, 200, 200]
    store = builds.site.deps.artifacts
    assert isinstance(store, LocalArtifactStore)
    for digest in (manifest.files[0].sha256, hashlib.sha256(b"a").hexdigest()):
        altered = store.path(digest)
        data = altered.read_bytes()
        altered.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    for path in paths:
        answer = await client.get(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["code"]) == (409, "altered"), path
        assert "audit verify" in answer.json()["detail"]


async def test_an_artifact_that_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    """It is answered 404, and so are the artifacts and tests of a build that isn't there."""
    for path in (
        "artifacts/{}",
        "artifacts/{}/entries",
        "artifacts/{}/files/a",
        "builds/{}/artifacts",
        "builds/{}/tests",
    ):
        assert (await client.get("/api/v1/" + path.format(nowhere()))).status_code == 404
