"""What a repository in the file system looks like before and after its branches have moved."""

from __future__ import annotations

from pathlib import Path

from buildledger.intake.polling import local_watch
from buildledger.sources.git.local import watched_paths
from tests.fakes.repository import Repository


def signature(repository: Path) -> local_watch.Signature:
    """Of a git repository."""
    return local_watch.signature(lambda: watched_paths(repository))


def test_every_move_shows(repository: Repository) -> None:
    """Commits, new and deleted branches, packing, and a rewind; but not work that isn't committed."""
    seen = [signature(repository.path)]
    (repository.path / "a.txt").write_text("not committed\n")
    assert signature(repository.path) == seen[-1]
    for move in (
        ["commit", "--quiet", "--allow-empty", "-m", "x"],
        ["branch", "a/b/c"],
        ["branch", "-D", "a/b/c"],
        ["pack-refs", "--all"],
        ["reset", "--quiet", "--hard", "HEAD~1"],
    ):
        repository.git(*move)
        seen.append(signature(repository.path))
    assert len(set(seen)) == len(seen)


def test_every_kind_of_repository(repository: Repository, tmp_path: Path) -> None:
    """Bare ones, and work trees that were added to another one, show the same moves."""
    repository.git("worktree", "add", "--quiet", str(tmp_path / "added"))
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    added, bare = signature(tmp_path / "added"), signature(tmp_path / "bare.git")
    assert len(added) == len(signature(repository.path))
    repository.commit("new")
    assert signature(tmp_path / "added") != added
    repository.git("push", "--quiet", str(tmp_path / "bare.git"), "main")
    assert signature(tmp_path / "bare.git") != bare


def test_nothing_there(tmp_path: Path) -> None:
    """A path without a repository has no signature, and no error either."""
    assert signature(tmp_path / "missing") == ()
    (tmp_path / ".git").write_bytes(b"\xff\xfe")
    assert signature(tmp_path) == ()
