"""Directories through the service and the real Python worker: up as a manifest and files, down as they were."""

import os
from pathlib import Path

import pytest

from buildledger.events.build import ArtifactStored
from buildledger.events.ids import BuildId
from buildledger.events.operation import Download, Ended, OperationSpec, Run, Upload
from buildledger.logs.artifacts_manifest import PAGE_ENTRIES, Manifest
from tests.slave_grpc.service import Installation

pytestmark = pytest.mark.usefixtures("worker")
TREE = """
mkdir -p tree/empty/inside tree/sub 'tree/naïve [dir]'
echo one > tree/one; echo '#!/bin/sh' > tree/sub/tool; chmod 755 tree/sub/tool; chmod 640 tree/one
echo odd > 'tree/naïve [dir]/*?'; : > tree/nothing
ln -s sub/tool tree/link; ln -s ../nowhere tree/sub/dangling; ln -s . tree/sub/here
"""


class BuildOnWorker:
    """A build on the worker, of which operations are asked one after the other."""

    def __init__(self, installation: Installation, build: BuildId) -> None:
        self.installation = installation
        self._build_id = build
        self._count = 0

    async def do(self, spec: OperationSpec) -> Ended:
        """How an operation ends."""
        self._count += 1
        return await self.installation.ended(await self.installation.operation(self._build_id, spec, self._count))


@pytest.fixture
async def build(installation: Installation) -> BuildOnWorker:
    return BuildOnWorker(installation, await installation.build("bob"))


def upload(path: str, *files: str, optional: bool = False, limit: int = 1 << 20) -> Upload:
    return Upload(path=path, artifact="kept", limit_bytes=limit, files=files, optional=optional)


def seen(directory: Path) -> dict[str, tuple[str, int, str]]:
    """All that is in a directory: kind, mode of files, content or target."""
    found: dict[str, tuple[str, int, str]] = {}
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        if path.is_symlink():
            found[name] = ("link", 0, str(path.readlink()))
        elif path.is_dir():
            found[name] = ("directory", 0, "")
        else:
            found[name] = ("file", path.stat().st_mode & 0o7777, path.read_text())
    return found


async def test_directory_there_and_back(build: BuildOnWorker, tmp_path: Path) -> None:
    """Files with their modes, links as links, empty directories and odd names; a second time over what is there."""
    assert (await build.do(Run(script=TREE))).ok
    assert (await build.do(upload("tree"))).ok
    artifact = await build.installation.wait_for(ArtifactStored)
    assert (artifact.directory, artifact.file_count) == (True, 4)
    manifest = Manifest.load(build.installation.artifacts, artifact.sha256)
    assert [entry.path for entry in manifest.entries if entry.type == "link"] == ["link", "sub/dangling", "sub/here"]
    assert manifest.size_bytes == artifact.size_bytes
    for _ in range(2):
        ended = await build.do(Download(artifact="kept", sha256=artifact.sha256, path="copy", directory=True))
        assert ended.ok, ended
        work = tmp_path / "work" / "tests"
        assert seen(work / "copy") == seen(work / "tree")


async def test_same_directory_has_the_same_name(build: BuildOnWorker) -> None:
    """The manifest is canonical: equal directories are one artifact in the store, wherever they stood."""
    await build.do(Run(script=TREE + "cp -a tree other"))
    first, second = await build.do(upload("tree")), await build.do(upload("other"))
    assert first.text == second.text != ""


async def test_many_files_in_pages(build: BuildOnWorker, tmp_path: Path) -> None:
    """More files than one page holds come in several operations, each placing its own."""
    count = 2 * PAGE_ENTRIES + 1
    await build.do(Run(script=f"mkdir many; cd many; for i in $(seq {count}); do echo $i > $i; done"))
    assert (await build.do(upload("many"))).ok
    artifact = await build.installation.wait_for(ArtifactStored)
    assert artifact.file_count == count
    assert len(Manifest.load(build.installation.artifacts, artifact.sha256).pages()) == 3
    for page in range(3):
        spec = Download(artifact="kept", sha256=artifact.sha256, path="back", directory=True, page=page)
        assert (await build.do(spec)).ok
    assert len(list((tmp_path / "work" / "tests" / "back").iterdir())) == count


async def test_patterns(build: BuildOnWorker) -> None:
    """Of a directory only what matches is kept, under its path in it."""
    await build.do(Run(script="mkdir -p d/sub; touch d/a.whl d/b.txt d/sub/c.whl"))
    assert (await build.do(upload("d", "*.whl", "**/c.*"))).ok
    artifact = await build.installation.wait_for(ArtifactStored)
    manifest = Manifest.load(build.installation.artifacts, artifact.sha256)
    assert [entry.path for entry in manifest.entries] == ["a.whl", "sub/c.whl"]


async def test_one_file_keeps_its_mode(build: BuildOnWorker, tmp_path: Path) -> None:
    """A file is kept as itself, and comes back executable where it was."""
    await build.do(Run(script="echo x > tool; chmod 755 tool"))
    await build.do(upload("tool"))
    stored = await build.installation.wait_for(ArtifactStored)
    assert (stored.directory, stored.mode) == (False, 0o755)
    spec = Download(artifact="tool", sha256=stored.sha256, size_bytes=2, mode=stored.mode, path="bin/tool")
    assert (await build.do(spec)).ok
    assert os.access(tmp_path / "work" / "tests" / "bin" / "tool", os.X_OK)


@pytest.mark.parametrize(
    ("script", "spec", "reason", "detail"),
    [
        ("true", upload("missing"), "no_file", "there is no 'missing'"),
        ("mkdir d", upload("d", "*.whl", "x"), "no_file", "nothing in 'd' matches *.whl, x"),
        ("echo 12345 > f", upload("f", limit=5), "too_large", "larger than 5 bytes"),
        ("mkdir d; ln -s /etc d/etc", upload("d"), "refused_path", "the link 'etc' leads out of the directory"),
        ("mkdir d; ln -s ../../x d/up", upload("d"), "refused_path", "the link 'up' leads out of the directory"),
        ("ln -s /etc l", upload("l"), "not_a_file", "is a link to '/etc'"),
        ("mkfifo p", upload("p"), "not_a_file", "a socket, a pipe or a device"),
        ("true", upload("../x"), "refused_path", ""),
    ],
)
async def test_what_is_not_kept(build: BuildOnWorker, script: str, spec: Upload, reason: str, detail: str) -> None:
    """Each for a reason that a person can act on; nothing is listed."""
    await build.do(Run(script=script))
    ended = await build.do(spec)
    assert (ended.ok, ended.reason) == (False, reason), ended
    assert detail in ended.detail
    assert build.installation.facts(ArtifactStored) == []


@pytest.mark.parametrize("make", ["mkfifo tree/odd", "python3 -c 'import socket; socket.socket(1).bind(\"tree/odd\")'"])
async def test_what_is_no_file_is_not_left_out(build: BuildOnWorker, make: str) -> None:
    """A directory with a socket or a named pipe isn't kept without it: the upload fails and names it."""
    await build.do(Run(script=f"mkdir tree; echo one > tree/one; {make}"))
    ended = await build.do(upload("tree"))
    assert (ended.reason, ended.ok) == ("not_a_file", False)
    assert "tree/odd" in ended.detail


async def test_nothing_is_fine_where_it_is_optional(build: BuildOnWorker) -> None:
    """An optional upload of nothing succeeds, and keeps nothing; of an empty directory it keeps that."""
    ended = await build.do(upload("missing", optional=True))
    assert (ended.ok, ended.text) == (True, "")
    await build.do(Run(script="mkdir void"))
    assert (await build.do(upload("void"))).ok
    artifact = await build.installation.wait_for(ArtifactStored)
    assert (artifact.directory, artifact.file_count, artifact.size_bytes) == (True, 0, 0)


async def test_what_is_kept_no_longer(build: BuildOnWorker) -> None:
    """A download of files that are gone says so."""
    await build.do(Run(script=TREE))
    await build.do(upload("tree"))
    artifact = await build.installation.wait_for(ArtifactStored)
    for file in list(build.installation.artifacts.files()):
        build.installation.artifacts.remove(file.sha256, float("inf"))
    ended = await build.do(Download(artifact="kept", sha256=artifact.sha256, path="copy", directory=True))
    assert (ended.reason, ended.detail) == ("no_file", "the artifact 'kept' is kept no longer")
