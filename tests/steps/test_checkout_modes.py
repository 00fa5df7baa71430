"""Checkouts in every mode, carried out with the real git."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from buildledger.config.steps.checkout import CheckoutStep
from buildledger.events.operation import Remove, Run
from buildledger.events.request import SourceStamp
from buildledger.events.results import Result
from buildledger.steps.program import StepInputs
from buildledger.testing.step_executor import Performance, StepExecutor
from tests.fakes.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "origin")
    repository.commit("first", **{"a.txt": "one\n", ".gitignore": "*.o\n"})
    return repository


@pytest.fixture
def executor(tmp_path: Path) -> StepExecutor:
    return StepExecutor(tmp_path / "build")


def stamped(repository: Repository, revision: str | None = None, branch: str = "main") -> StepInputs:
    stamp = SourceStamp(source="widget", repository=repository.url, branch=branch, revision=revision)
    return StepInputs(stamps={"widget": stamp}, systems={"widget": "git"})


def step(**options: Any) -> CheckoutStep:
    return CheckoutStep(name="checkout", source="widget", **options)


def succeeded(performance: Performance) -> Performance:
    assert performance.conclusion.result is Result.SUCCESS, performance
    return performance


def test_incremental_with_a_clone_needs_three_operations(repository: Repository, executor: StepExecutor) -> None:
    """A known revision and a clone that is there: the address, fetch and checkout, nothing else."""
    succeeded(executor.perform(step(), stamped(repository, repository.head())))
    second = repository.commit("second", **{"a.txt": "two\n"})
    (executor.directory / "left.o").write_text("kept")
    performance = succeeded(executor.perform(step(), stamped(repository, second)))
    assert performance.labels == ["git remote", "git fetch", "git checkout"]
    assert performance.revisions == {"widget": second}
    assert (executor.directory / "a.txt").read_text() == "two\n"
    assert (executor.directory / "left.o").exists()


def test_first_checkout_makes_the_clone(repository: Repository, executor: StepExecutor) -> None:
    """Who finds no clone there makes one, and the remote is called origin."""
    performance = succeeded(executor.perform(step(), stamped(repository, repository.head())))
    assert performance.labels == ["git remote", "git init", "git remote add", "git fetch", "git checkout"]
    assert f"url = {repository.url}" in (executor.directory / ".git/config").read_text()


def test_a_first_checkout_into_a_directory_needs_no_more(repository: Repository, executor: StepExecutor) -> None:
    """Where no directory is, no clone is looked for: it is made, and git is started in it from then on."""
    performance = succeeded(executor.perform(step(into="src"), stamped(repository, repository.head())))
    assert performance.labels == [
        "look for links",
        "make directory",
        "git init",
        "git remote add",
        "git fetch",
        "git checkout",
    ]
    started_in = {each.spec.cwd for each in performance.operations if isinstance(each.spec, Run)}
    assert started_in == {"src"}


def test_a_file_in_the_place_of_the_clone(repository: Repository, executor: StepExecutor) -> None:
    """It goes, since nothing can be started there although git can be started elsewhere."""
    (executor.directory / "src").write_text("")
    performance = succeeded(executor.perform(step(into="src"), stamped(repository, repository.head())))
    assert performance.labels[1:5] == ["git remote", "git version", "remove", "make directory"]


def test_a_worker_without_git(repository: Repository, executor: StepExecutor) -> None:
    """Its clones stay as they are; the step says that git can't be started."""
    succeeded(executor.perform(step(into="src"), stamped(repository)))
    without = StepExecutor(executor.directory, {"PATH": "/nowhere"})
    performance = without.perform(step(into="src"), stamped(repository))
    assert performance.labels == ["look for links", "git remote", "git version"]
    assert performance.conclusion.result is Result.EXCEPTION
    assert performance.conclusion.summary.startswith("git version: could not be started")
    assert (executor.directory / "src/.git").is_dir()


def test_a_branch_is_resolved_to_a_revision(repository: Repository, executor: StepExecutor) -> None:
    """Without a revision the head of the branch is built, and its whole object name is what was obtained."""
    succeeded(executor.perform(step(into="src"), stamped(repository)))
    second = repository.commit("second")
    performance = succeeded(executor.perform(step(into="src"), stamped(repository)))
    assert performance.labels == ["look for links", "git remote", "git fetch", "git rev-parse", "git checkout"]
    assert performance.revisions == {"widget": second}


@pytest.mark.parametrize("named", ["v1", "refs/tags/v1"])
def test_a_tag_can_be_built(repository: Repository, executor: StepExecutor, named: str) -> None:
    """An annotated tag leads to its commit, not to itself."""
    first = repository.head()
    repository.git("tag", "-a", "-m", "release", "v1")
    repository.commit("later")
    performance = succeeded(executor.perform(step(), stamped(repository, named)))
    assert performance.revisions == {"widget": first}


@pytest.mark.parametrize(("branch", "revision"), [("HEAD", None), ("", None), ("refs/heads/main", None)])
def test_head_and_full_reference_names(
    repository: Repository, executor: StepExecutor, branch: str, revision: str | None
) -> None:
    """Where the repository's HEAD points, and any reference by its full name, can be built."""
    performance = succeeded(executor.perform(step(), stamped(repository, revision, branch)))
    assert performance.revisions == {"widget": repository.head()}


def dirty(executor: StepExecutor, into: str) -> Path:
    tree = executor.directory / into
    (tree / "a.txt").write_text("changed by a build\n")
    (tree / "untracked").mkdir()
    (tree / "untracked" / "file").write_text("")
    (tree / "ignored.o").write_text("")
    return tree


@pytest.mark.parametrize(
    ("method", "into", "untracked", "ignored"),
    [
        ("clobber", ".", False, False),
        ("clobber", "src", False, False),
        ("fresh", ".", False, False),
        ("fresh", "src", False, False),
        ("clean", ".", False, True),
        ("clean", "src", False, True),
        ("copy", "src", False, False),
    ],
)
def test_full_modes(
    repository: Repository, executor: StepExecutor, method: Any, untracked: bool, ignored: bool, into: str
) -> None:
    """What a build left behind goes: all of it, or with `clean` all but what the revision says to ignore."""
    full = step(mode="full", method=method, into=into)
    succeeded(executor.perform(full, stamped(repository, repository.head())))
    tree = dirty(executor, into)
    second = repository.commit("second", **{"b.txt": "new\n"})
    performance = succeeded(executor.perform(full, stamped(repository, second)))
    assert (tree / "a.txt").read_text() == "one\n"
    assert (tree / "b.txt").read_text() == "new\n"
    assert (tree / "untracked").exists() is untracked
    assert (tree / "ignored.o").exists() is ignored
    assert performance.revisions == {"widget": second}
    assert len([label for label in performance.labels if label != "look for links"]) <= 7


def test_copy_keeps_its_clone_apart(repository: Repository, executor: StepExecutor) -> None:
    """The second full checkout by copy fetches into the clone of the first one."""
    full = step(mode="full", method="copy", into="src")
    succeeded(executor.perform(full, stamped(repository, repository.head())))
    performance = succeeded(executor.perform(full, stamped(repository, repository.head())))
    assert performance.labels == [
        *["look for links"] * 4,
        "git remote",
        "git fetch",
        "git checkout",
        "git clean",
        "copy",
    ]
    assert executor.execute(Run(argv=("git", "-C", "src", "status", "--porcelain"))).ok


def test_untracked_things_in_the_way_are_overwritten(repository: Repository, executor: StepExecutor) -> None:
    """A directory that a build left where the revision has a file, and the other way round."""
    succeeded(executor.perform(step(), stamped(repository)))
    (executor.directory / "thing").mkdir()
    (executor.directory / "thing" / "file").write_text("")
    (executor.directory / "folder").write_text("")
    repository.write("thing", "a file\n")
    repository.write("folder/file", "in a folder\n")
    repository.commit("both")
    succeeded(executor.perform(step(), stamped(repository)))
    assert (executor.directory / "thing").read_text() == "a file\n"
    assert (executor.directory / "folder/file").read_text() == "in a folder\n"


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_exact_shallow(tmp_path: Path, executor: StepExecutor, object_format: str) -> None:
    """A revision that no branch points to any more is had without its history, in SHA-1 and SHA-256 repositories."""
    repository = Repository(tmp_path / "there", object_format=object_format)
    repository.commit("first")
    wanted = repository.commit("second")
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    repository.commit("instead")
    performance = succeeded(executor.perform(step(depth=1), stamped(repository, wanted)))
    assert performance.revisions == {"widget": wanted}
    count = executor.execute(Run(argv=("git", "rev-list", "--count", "HEAD"), capture_bytes=100))
    assert count.text.strip() == "1"


def test_a_sha256_branch_is_found_out(tmp_path: Path, executor: StepExecutor) -> None:
    """Nothing in a branch's name tells the kind of repository: the first clone learns it from the far end."""
    repository = Repository(tmp_path / "there", object_format="sha256")
    head = repository.commit("first")
    performance = succeeded(executor.perform(step(), stamped(repository)))
    assert performance.revisions == {"widget": head}
    assert len(head) == 64


def test_partial_clone(repository: Repository, executor: StepExecutor) -> None:
    """With a filter old contents stay away, and are fetched when somebody asks for them."""
    repository.git("config", "uploadpack.allowFilter", "true")
    old = repository.head()
    repository.commit("second", **{"a.txt": "two\n"})
    partial = step(filter="blob:none")
    succeeded(executor.perform(partial, stamped(repository)))
    missing = Run(argv=("git", "rev-list", "--objects", "--missing=print", "HEAD"), capture_bytes=10_000)
    assert "\n?" in executor.execute(missing).text
    performance = succeeded(executor.perform(partial, stamped(repository, old)))
    assert (executor.directory / "a.txt").read_text() == "one\n"
    assert performance.labels == ["git remote", "git fetch", "git checkout"]


def test_submodules(tmp_path: Path, repository: Repository, executor: StepExecutor) -> None:
    """Submodules follow the revision, also when their address has changed, and are cleaned with the rest."""
    library = Repository(tmp_path / "library")
    library.commit("first", **{"lib.txt": "one\n"})
    repository.git("submodule", "--quiet", "add", library.url, "lib")
    repository.commit("with a library")
    full = step(mode="full", method="fresh", submodules=True)
    succeeded(executor.perform(full, stamped(repository)))
    assert (executor.directory / "lib/lib.txt").read_text() == "one\n"
    (executor.directory / "lib/left").write_text("")
    library.path.rename(tmp_path / "moved")
    library.path = tmp_path / "moved"
    library.commit("second", **{"lib.txt": "two\n"})
    repository.git("submodule", "--quiet", "set-url", "lib", library.url)
    repository.git("-C", "lib", "pull", "--quiet", library.url, "main")
    repository.write("note")
    repository.commit("the library moved")
    succeeded(executor.perform(full, stamped(repository)))
    assert (executor.directory / "lib/lib.txt").read_text() == "two\n"
    assert not (executor.directory / "lib/left").exists()


def test_branches_that_exclude_each_other(repository: Repository, executor: StepExecutor) -> None:
    """A branch `topic` that has gone doesn't stand in the way of a branch `topic/one`."""
    repository.git("branch", "topic")
    succeeded(executor.perform(step(), stamped(repository, branch="topic")))
    repository.git("branch", "-D", "topic")
    repository.git("branch", "topic/one")
    performance = succeeded(executor.perform(step(), stamped(repository, branch="topic/one")))
    assert performance.labels == ["git remote", "git fetch", "git rev-parse", "git checkout"]


def test_a_damaged_clone_is_made_anew_once(repository: Repository, executor: StepExecutor) -> None:
    """A clone with an unreadable index is removed and the checkout succeeds."""
    succeeded(executor.perform(step(into="src"), stamped(repository)))
    (executor.directory / "src/.git/index").write_bytes(b"nonsense")
    performance = succeeded(executor.perform(step(into="src"), stamped(repository)))
    assert [o.spec for o in performance.operations if isinstance(o.spec, Remove)] == [Remove(path="src")]


def test_a_stale_lock_is_removed_and_nothing_else(repository: Repository, executor: StepExecutor) -> None:
    """What a killed git left behind costs one operation, not the whole clone."""
    succeeded(executor.perform(step(), stamped(repository)))
    (executor.directory / ".git/index.lock").write_text("")
    performance = succeeded(executor.perform(step(), stamped(repository)))
    removed = [o.spec for o in performance.operations if isinstance(o.spec, Remove)]
    assert removed == [Remove(path=".git/index.lock")]


def test_a_repository_of_another_owner(tmp_path: Path, repository: Repository, executor: StepExecutor) -> None:
    """A configured path is declared safe to the git that serves it, so another owner's repository can be built."""
    for place in [repository.path, *repository.path.rglob("*")]:
        try:
            os.chown(place, 65534, 65534)
        except PermissionError:
            pytest.skip("only root can give files away")
    succeeded(executor.perform(step(), stamped(repository)))
