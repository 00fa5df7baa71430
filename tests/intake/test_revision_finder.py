"""What people call a branch, a tag or a revision is looked up, or refused with what may have been meant."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

import pytest

from buildledger.config.resolved import Source
from buildledger.intake.polling.mirror import mirror_of
from buildledger.intake.polling.revision_finder import FoundRevision, RevisionFinder, UnknownRevisionError
from tests.fakes.repository import Repository


@pytest.fixture
def source(repository: Repository) -> Source:
    return Source(name="widget", kind="git", url=repository.url)


@pytest.fixture
async def finder(tmp_path: Path, repository: Repository, source: Source) -> RevisionFinder:
    """One whose mirror was read before the branch `late` and the tags were made."""
    repository.git("branch", "topic", "HEAD~1")
    await mirror_of(tmp_path / "mirrors", source).update()
    repository.git("branch", "late")
    repository.git("tag", "-a", "-m", "release", "v1.2", "HEAD~1")
    repository.git("tag", "light")
    return RevisionFinder(tmp_path / "mirrors")


async def test_names_become_whole_revisions(finder: RevisionFinder, source: Source, repository: Repository) -> None:
    """Tags lead to their commits, a branch as revision brings itself as branch, the beginning of a hash its whole."""
    head, first = repository.head(), repository.git("rev-parse", "HEAD~1")
    for said, branch, revision in (
        ("v1.2", None, first),
        ("refs/tags/v1.2", None, first),
        ("light", None, head),
        ("topic", "topic", first),
        ("late", "late", head),
        (first[:7], None, first),
        (first[:12].upper(), None, first),
        (head, None, head),
        (repository.git("rev-parse", "v1.2"), None, first),
    ):
        found = await finder.find(source, None, said, {})
        assert found == FoundRevision(branch=branch, revision=revision), said
    assert await finder.find(source, "topic", "v1.2", {}) == FoundRevision(branch="topic", revision=first)


async def test_what_is_no_commit_is_refused(finder: RevisionFinder, source: Source, repository: Repository) -> None:
    """Files and directories have whole names as well, and tags may lead to them."""
    file, directory = repository.git("rev-parse", "HEAD:a.txt"), repository.git("rev-parse", "HEAD^{tree}")
    repository.git("tag", "a-file", file)
    repository.git("tag", "-a", "-m", "directory", "a-directory", directory)
    for said in (file, directory, "a-file", "a-directory"):
        with pytest.raises(UnknownRevisionError, match=f"'{said}' is in source widget, but is no commit"):
            await finder.find(source, None, said, {})


async def test_branches_are_there(finder: RevisionFinder, source: Source) -> None:
    """Those of the mirror, those that were made since, those that the ledger knows; nothing said stays nothing."""
    for branch in ("main", "topic", "late", "refs/heads/main"):
        found = await finder.find(source, branch, None, {})
        assert found == FoundRevision(branch=branch.removeprefix("refs/heads/"), revision=None)
    assert (await finder.find(source, "handed-in", None, {"handed-in": "a" * 40})).branch == "handed-in"
    assert await finder.find(source, None, None, {}) == FoundRevision(branch=None, revision=None)


@pytest.mark.parametrize(
    ("branch", "revision", "at", "words"),
    [
        ("tpoic", None, "branch", "source widget has no branch 'tpoic'; similar: topic"),
        ("v1.2", None, "branch", "has no branch 'v1.2'; it is a tag: give it as the revision"),
        ("--upload-pack=x", None, "branch", "has no branch '--upload-pack=x'"),
        (None, "v1.3", "revision", "has no tag or branch 'v1.3', and no known revision begins so; similar: v1.2"),
        (None, "0123abc", "revision", "no known revision begins so"),
        (None, "0" * 40, "revision", f"source widget has no revision {'0' * 40}"),
        ("nowhere", "main", "branch", "has no branch 'nowhere'"),
    ],
)
async def test_what_is_not_there_is_refused(
    finder: RevisionFinder, source: Source, branch: str | None, revision: str | None, at: str, words: str
) -> None:
    """The reason says what it was looked for as, and what is called alike."""
    with pytest.raises(UnknownRevisionError) as refused:
        await finder.find(source, branch, revision, {})
    assert refused.value.at == at
    assert words in str(refused.value)


def two_that_begin_alike(repository: Repository) -> str:
    """Put two commits on branches whose names begin alike, and give that beginning."""
    head = repository.git("cat-file", "commit", "HEAD").partition("\n\n")[0]
    seen: dict[str, bytes] = {}
    for number in itertools.count():
        commit = f"{head}\n\nanother {number}\n".encode()
        beginning = hashlib.sha1(b"commit %d\0" % len(commit) + commit, usedforsecurity=False).hexdigest()[:4]
        if beginning in seen:
            break
        seen[beginning] = commit
    for branch, content in (("one", seen[beginning]), ("two", commit)):
        revision = repository.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=content)
        repository.git("branch", branch, revision)
    return beginning


async def test_what_could_be_several_is_refused(
    finder: RevisionFinder, source: Source, repository: Repository, tmp_path: Path
) -> None:
    """A tag and a branch of one name, and a beginning that several revisions have."""
    repository.git("tag", "topic")
    with pytest.raises(UnknownRevisionError, match="'topic' is a tag and a branch of source widget"):
        await finder.find(source, None, "topic", {})
    assert (await finder.find(source, None, "refs/tags/topic", {})).revision == repository.head()
    beginning = two_that_begin_alike(repository)
    await mirror_of(tmp_path / "mirrors", source).update()
    with pytest.raises(UnknownRevisionError, match="several revisions of source widget begin so"):
        await finder.find(source, None, beginning, {})


async def test_a_commit_on_no_branch_is_found(
    finder: RevisionFinder, source: Source, repository: Repository, tmp_path: Path
) -> None:
    """A whole hash that the far end has is taken, though no branch leads there; one that nobody has isn't."""
    left = repository.commit("left behind")
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    assert (await finder.find(source, None, left, {})).revision == left


async def test_a_source_that_cannot_be_read(finder: RevisionFinder, source: Source, repository: Repository) -> None:
    """What the mirror knows is still taken, and whole revisions; of the rest it is said that nobody could be asked."""
    head = repository.head()
    repository.path.rename(repository.path.with_name("away"))
    assert (await finder.find(source, "topic", None, {})).branch == "topic"
    assert (await finder.find(source, None, head, {})).revision == head
    for branch, revision in (("late", None), (None, "v1.2")):
        with pytest.raises(
            UnknownRevisionError, match=r"source widget can't be read, and .*: it is not there \(not_found\): "
        ):
            await finder.find(source, branch, revision, {})
