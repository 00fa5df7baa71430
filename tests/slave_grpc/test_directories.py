"""Directories through the service and the real Python worker: up as a manifest and files, down as they were."""

import os
from pathlib import Path

import pytest

from buildledger.events.build import ArtifactStored, TestsReported
from buildledger.events.ids import BuildId
from buildledger.events.operation import Download, Ended, FindArtifact, OperationSpec, ReadReports, Run, Upload
from buildledger.logs.artifacts_manifest import PAGE_ENTRIES, Manifest
from tests.slave_grpc.service import Installation
from tests.slave_grpc.test_with_worker import StartWorker, start_worker

__all__ = ["start_worker"]

pytestmark = pytest.mark.usefixtures("worker")
TREE = """
mkdir -p tree/empty/inside tree/sub 'tree/naïve [dir]'
echo one > tree/one; echo '#!/bin/sh' > tree/sub/tool; chmod 755 tree/sub/tool; chmod 640 tree/one
echo odd > 'tree/naïve [dir]/*?'; : > tree/nothing
ln -s sub/tool tree/link; ln -s ../nowhere tree/sub/dangling; ln -s . tree/sub/here
"""


class Workshop:
    """A build on the worker, of which operations are asked one after the other."""

    def __init__(self, installation: Installation, build: BuildId) -> None:
        self.installation = installation
        self._build = build
        self._count = 0

    async def do(self, spec: OperationSpec) -> Ended:
        """How an operation ends."""
        self._count += 1
        return await self.installation.ended(await self.installation.operation(self._build, spec, self._count))


@pytest.fixture
async def worker(installation: Installation, start_worker: StartWorker) -> None:
    await installation.issue_token("token")
    await start_worker(installation.port)


@pytest.fixture
async def workshop(installation: Installation) -> Workshop:
    return Workshop(installation, await installation.build("bob"))


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


async def test_directory_there_and_back(workshop: Workshop, tmp_path: Path) -> None:
    """Files with their modes, links as links, empty directories and odd names; a second time over what is there."""
    assert (await workshop.do(Run(script=TREE))).ok
    assert (await workshop.do(upload("tree"))).ok
    artifact = await workshop.installation.wait_for(ArtifactStored)
    assert (artifact.directory, artifact.file_count) == (True, 4)
    manifest = Manifest.load(workshop.installation.artifacts, artifact.sha256)
    assert [entry.path for entry in manifest.entries if entry.type == "link"] == ["link", "sub/dangling", "sub/here"]
    assert manifest.size_bytes == artifact.size_bytes
    for _ in range(2):
        ended = await workshop.do(Download(artifact="kept", sha256=artifact.sha256, path="copy", directory=True))
        assert ended.ok, ended
        work = tmp_path / "work" / "tests"
        assert seen(work / "copy") == seen(work / "tree")


async def test_same_directory_has_the_same_name(workshop: Workshop) -> None:
    """The manifest is canonical: equal directories are one artifact in the store, wherever they stood."""
    await workshop.do(Run(script=TREE + "cp -a tree other"))
    first, second = await workshop.do(upload("tree")), await workshop.do(upload("other"))
    assert first.text == second.text != ""


async def test_many_files_in_pages(workshop: Workshop, tmp_path: Path) -> None:
    """More files than one page holds come in several operations, each placing its own."""
    count = 2 * PAGE_ENTRIES + 1
    await workshop.do(Run(script=f"mkdir many; cd many; for i in $(seq {count}); do echo $i > $i; done"))
    assert (await workshop.do(upload("many"))).ok
    artifact = await workshop.installation.wait_for(ArtifactStored)
    assert artifact.file_count == count
    assert len(Manifest.load(workshop.installation.artifacts, artifact.sha256).pages()) == 3
    for page in range(3):
        spec = Download(artifact="kept", sha256=artifact.sha256, path="back", directory=True, page=page)
        assert (await workshop.do(spec)).ok
    assert len(list((tmp_path / "work" / "tests" / "back").iterdir())) == count


async def test_patterns(workshop: Workshop) -> None:
    """Of a directory only what matches is kept, under its path in it."""
    await workshop.do(Run(script="mkdir -p d/sub; touch d/a.whl d/b.txt d/sub/c.whl"))
    assert (await workshop.do(upload("d", "*.whl", "**/c.*"))).ok
    artifact = await workshop.installation.wait_for(ArtifactStored)
    manifest = Manifest.load(workshop.installation.artifacts, artifact.sha256)
    assert [entry.path for entry in manifest.entries] == ["a.whl", "sub/c.whl"]


async def test_one_file_keeps_its_mode(workshop: Workshop, tmp_path: Path) -> None:
    """A file is kept as itself, and comes back executable where it was."""
    await workshop.do(Run(script="echo x > tool; chmod 755 tool"))
    await workshop.do(upload("tool"))
    stored = await workshop.installation.wait_for(ArtifactStored)
    assert (stored.directory, stored.mode) == (False, 0o755)
    spec = Download(artifact="tool", sha256=stored.sha256, size_bytes=2, mode=stored.mode, path="bin/tool")
    assert (await workshop.do(spec)).ok
    assert os.access(tmp_path / "work" / "tests" / "bin" / "tool", os.X_OK)


@pytest.mark.parametrize(
    ("script", "spec", "reason", "detail"),
    [
        ("true", upload("missing"), "no_file", "there is no 'missing'"),
        ("mkdir d", upload("d", "*.whl", "x"), "no_file", "nothing in 'd' matches *.whl, x"),
        ("echo 12345 > f", upload("f", limit=5), "too_large", "larger than 5 bytes"),
        ("mkdir d; ln -s /etc d/etc", upload("d"), "refused_path", "the link 'etc' leads out of the directory"),
        ("mkdir d; ln -s ../../x d/up", upload("d"), "refused_path", "the link 'up' leads out of the directory"),
        ("ln -s /etc l", upload("l"), "no_file", "neither a file nor a directory"),
        ("true", upload("../x"), "refused_path", ""),
    ],
)
async def test_what_is_not_kept(workshop: Workshop, script: str, spec: Upload, reason: str, detail: str) -> None:
    """Each for a reason that a person can act on; nothing is listed."""
    await workshop.do(Run(script=script))
    ended = await workshop.do(spec)
    assert (ended.ok, ended.reason) == (False, reason), ended
    assert detail in ended.detail
    assert workshop.installation.facts(ArtifactStored) == []


async def test_nothing_is_fine_where_it_is_optional(workshop: Workshop) -> None:
    """An optional upload of nothing succeeds, and keeps nothing; of an empty directory it keeps that."""
    ended = await workshop.do(upload("missing", optional=True))
    assert (ended.ok, ended.text) == (True, "")
    await workshop.do(Run(script="mkdir void"))
    assert (await workshop.do(upload("void"))).ok
    artifact = await workshop.installation.wait_for(ArtifactStored)
    assert (artifact.directory, artifact.file_count, artifact.size_bytes) == (True, 0, 0)


async def test_what_is_kept_no_longer(workshop: Workshop) -> None:
    """A download of files that are gone says so."""
    await workshop.do(Run(script=TREE))
    await workshop.do(upload("tree"))
    artifact = await workshop.installation.wait_for(ArtifactStored)
    for file in list(workshop.installation.artifacts.files()):
        workshop.installation.artifacts.remove(file.sha256, float("inf"))
    ended = await workshop.do(Download(artifact="kept", sha256=artifact.sha256, path="copy", directory=True))
    assert (ended.reason, ended.detail) == ("no_file", "the artifact 'kept' is kept no longer")


async def test_reports_become_facts(workshop: Workshop) -> None:
    """Reports that were uploaded are read by the server: what became of each test, and the totals as the outcome."""
    junit = '<testsuite><testcase name="good"/><testcase name="bad"><failure message="no"/></testcase></testsuite>'
    await workshop.do(Run(script=f"mkdir out; echo '{junit}' > out/a.xml; cp out/a.xml out/b.xml"))
    sent = await workshop.do(upload(".", "out/*.xml"))
    artifact = await workshop.installation.wait_for(ArtifactStored)
    read = await workshop.do(ReadReports(format="junit", manifest=artifact.sha256))
    assert read.text == '{"reports":2,"passed":2,"failed":2,"errors":0,"skipped":0}', (sent, read)
    facts = workshop.installation.facts(TestsReported)
    assert [(fact.report, fact.part) for fact in facts if isinstance(fact, TestsReported)] == [
        ("out/a.xml", 0),
        ("out/b.xml", 1),
    ]


async def test_a_broken_report_is_told_with_its_place(workshop: Workshop) -> None:
    """File and line; the reports before it are recorded."""
    await workshop.do(Run(script="mkdir out; echo '<testsuite/>' > out/a.xml; printf '<testsuite>\\n<' > out/b.xml"))
    await workshop.do(upload("out"))
    artifact = await workshop.installation.wait_for(ArtifactStored)
    read = await workshop.do(ReadReports(format="junit", manifest=artifact.sha256))
    assert (read.reason, read.detail) == ("bad_report", "b.xml: line 2, column 1: unclosed token")
    assert len(workshop.installation.facts(TestsReported)) == 1


async def test_a_server_without_read_models_finds_nothing(workshop: Workshop) -> None:
    """A search that nobody can answer fails its operation, instead of waiting for ever."""
    ended = await workshop.do(FindArtifact(artifact="x", of="build"))
    assert (ended.reason, ended.detail) == ("no_file", "this server can't look for artifacts")
