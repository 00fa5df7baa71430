"""Checkouts into directories that earlier builds have left, and from repositories that aren't as one expects."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from buildledger.config.steps.checkout import CheckoutStep
from buildledger.events.request import SourceStamp
from buildledger.events.results import Result
from buildledger.steps.program import StepInputs
from buildledger.testing.step_executor import Performance, StepExecutor
from tests.fakes.repository import ENVIRONMENT, Repository
from tests.steps.checkout_states import METHODS, STATES, Site, State


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("site"))


def state(name: str) -> State:
    (found,) = [each for each in STATES if each.name == name]
    return found


@pytest.mark.parametrize(
    "name",
    [
        "shallow",
        "no .git",
        "a first checkout was killed",
        "a file that git isn't to write",
        "a file of a submodule that git isn't to write",
        "addresses that lead elsewhere",
    ],
)
def test_an_incremental_checkout_heals(tmp_path: Path, site: Site, name: str) -> None:
    """Whole history, every file as the revision has it, none of an earlier revision's, and nothing from elsewhere."""
    assert site.heal(tmp_path / "build", state(name), None, ".") == []


def check_out(
    place: Path, url: str, revision: str | None = None, *, branch: str = "main", first: bool = True, **options: Any
) -> Performance:
    stamp = SourceStamp(source="widget", repository=url, branch=branch, revision=revision)
    inputs = StepInputs(stamps={"widget": stamp}, systems={"widget": "git"}, first=first)
    return StepExecutor(place).perform(CheckoutStep(name="checkout", source="widget", **options), inputs)


def succeeded(performance: Performance) -> Performance:
    assert performance.conclusion.result is Result.SUCCESS, (performance.conclusion, performance.labels)
    return performance


@pytest.mark.parametrize("submodules", [False, True])
def test_a_depth_that_is_taken_out(tmp_path: Path, submodules: bool) -> None:
    """The history comes, of submodules too; a depth that comes back, or another one, is kept again."""
    library, widget = Repository(tmp_path / "library"), Repository(tmp_path / "widget")
    for number in range(5):
        library.commit(str(number))
        widget.commit(str(number))
    widget.git("submodule", "--quiet", "add", "../library", "lib")
    widget.commit("with a library")
    build = tmp_path / "build"
    for depth, whole, part in ((2, 2, 2), (None, 6, 5), (3, 3, None), (4, 4, None), (None, 6, 5)):
        succeeded(check_out(build, widget.url, widget.head(), depth=depth, submodules=submodules))
        assert count(build) == whole
        assert not submodules or part is None or count(build / "lib") == part
    assert check_out(build, widget.url, widget.head(), submodules=submodules).labels[:3] == [
        "git remote",
        "git fetch",
        "git checkout",
    ]


def count(clone: Path) -> int:
    counting = ["git", "rev-list", "--count", "HEAD"]
    return int(subprocess.run(counting, cwd=clone, env=ENVIRONMENT, check=True, capture_output=True).stdout)


def test_what_a_build_has_brought_itself_stays(tmp_path: Path) -> None:
    """Files that an earlier step of the same build put there aren't an earlier build's."""
    repository = Repository(tmp_path / "widget")
    repository.commit("first")
    build = tmp_path / "build"
    for first in (False, True):
        shutil.rmtree(build, ignore_errors=True)
        build.mkdir()
        (build / "downloaded").write_text("")
        succeeded(check_out(build, repository.url, first=first))
        assert (build / "downloaded").exists() is not first


def test_many_former_submodules(tmp_path: Path) -> None:
    """More than are removed one by one: all is made anew, and none is left."""
    library, widget = Repository(tmp_path / "library"), Repository(tmp_path / "widget")
    library.commit("first")
    without = widget.commit("first", **{"a.txt": "one\n"})
    widget.git("submodule", "--quiet", "add", "../library", "lib 0")
    modules = "".join(f'[submodule "lib {n}"]\n\tpath = lib {n}\n\turl = ../library\n' for n in range(20))
    for n in range(1, 20):
        widget.git("update-index", "--add", "--cacheinfo", f"160000,{library.head()},lib {n}")
    (widget.path / ".gitmodules").write_text(modules)
    widget.git("add", ".gitmodules")
    widget.git("commit", "--quiet", "-m", "with many")
    build = tmp_path / "build"
    for n in range(20):
        (build / f"lib {n}").mkdir(parents=True)
    succeeded(check_out(build, widget.url, widget.head(), first=False))
    for n in range(20):
        (build / f"lib {n}" / "left").write_text("")
    succeeded(check_out(build, widget.url, without))
    assert sorted(each.name for each in build.iterdir()) == [".git", "a.txt"]


@pytest.mark.parametrize("name", ["with space", "ünïcode", "a'b", "100%41"])
def test_a_repository_with_any_name(tmp_path: Path, name: str) -> None:
    """Names that addresses escape, files with spaces, line breaks and quotes, and a build's directory called alike."""
    repository = Repository(tmp_path / name)
    files = {"a b/ü.txt": "1", "new\nline": "2", 'q"uote': "3", "tab\t": "4"}
    repository.commit("first", **files)
    build = tmp_path / f"build {name}"
    for method, into in METHODS[:4]:
        full: Any = {"mode": "full", "method": method} if method else {}
        succeeded(check_out(build, f"file://{quote(str(repository.path))}", into=into, **full))
        assert {path: (build / into / path).read_text() for path in files} == files


@pytest.mark.parametrize("depth", [None, 1])
def test_a_repository_that_is_shallow_itself(tmp_path: Path, depth: int | None) -> None:
    """It gives the history that it has, to a first checkout and to later ones."""
    repository = Repository(tmp_path / "widget")
    for number in range(4):
        repository.commit(str(number))
    copy = tmp_path / "copy"
    cloning = ["git", "clone", "--quiet", "--depth=2", repository.url, str(copy)]
    subprocess.run(cloning, env=ENVIRONMENT, check=True)
    for revision in (None, repository.head(), None):
        succeeded(check_out(tmp_path / "build", f"file://{copy}", revision, depth=depth))
    assert count(tmp_path / "build") == (depth or 2)


def test_what_the_repository_has_not_got_is_said(tmp_path: Path) -> None:
    """An empty repository, a branch that is gone and a commit that was thrown away are the repository's matter."""
    repository = Repository(tmp_path / "widget")
    said = [check_out(tmp_path / "a", repository.url, branch="HEAD"), check_out(tmp_path / "a", repository.url)]
    repository.commit("first")
    gone = repository.commit("second")
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")
    said.append(check_out(tmp_path / "a", repository.url, gone))
    assert {each.conclusion.result for each in said} == {Result.EXCEPTION}
    assert [each.conclusion.summary.partition(" (")[0] for each in said] == [
        "git fetch: not found: the repository is empty: its HEAD leads to no commit",
        "git fetch: not found: the repository has no branch main, or hasn't any more",
        "git fetch: not found: the repository doesn't have this commit, or doesn't any more",
    ]
