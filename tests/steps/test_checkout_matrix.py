"""Every way of checking out, from every state of the directory: exactly the revision, or a cause that isn't its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from buildledger.events.results import Result
from tests.fakes.repository import Repository
from tests.steps.checkout_states import AS_IT_WAS, METHODS, PRODUCT, READ_ONLY, STATES, Site, State, succeeded
from tests.steps.checkout_world import Directory, Unprivileged, WithoutLargeFiles, files_below

STRIDE = 7
"""Of the product of states and methods every seventh: each state comes, and each method. `make faults` has all."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("site"))


@pytest.mark.parametrize(
    ("state", "method", "into"), PRODUCT[::STRIDE], ids=lambda value: getattr(value, "name", value)
)
def test_every_method_heals_every_state(
    tmp_path: Path, site: Site, state: State, method: str | None, into: str
) -> None:
    """Whatever an earlier build left, the files are those of the revision, and no stranger is among them."""
    assert site.heal(tmp_path / "build", state, method, into) == []


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
@pytest.mark.parametrize(("method", "into"), METHODS[:4])
@pytest.mark.parametrize("state", READ_ONLY, ids=lambda state: state.name)
def test_read_only_directories_stop_nobody(
    tmp_path: Path, site: Site, state: State, method: str | None, into: str
) -> None:
    """What a build has protected against writing, as Go does with its module cache, goes where it has to go."""
    directory = site.directory(tmp_path / "build", state, method, into, Unprivileged)
    world, name = site.world, directory.name
    performance = succeeded(directory.check_out(world.url(name), world.second[name]))
    if method in ("fresh", "clean") and state.name.startswith("a read-only cache"):
        assert "git init" not in performance.labels, "only what is in the way is removed, not the clone"
    extra = [line for line in directory.differences(world.expected(name, world.second[name])) if method]
    assert extra == []


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Repositories that have moved since the clones were made, and nothing is left where they were."""
    site = Site(tmp_path_factory.mktemp("moved"))
    site.world.moved(site.world.root.parent / "elsewhere")
    return site


@pytest.mark.parametrize(("method", "into"), METHODS)
@pytest.mark.parametrize("submodules", [False, True])
def test_a_new_address_is_followed(
    tmp_path: Path, moved: Site, submodules: bool, method: str | None, into: str
) -> None:
    """`origin` and what is relative to it are those of the new address, at the first checkout already."""
    directory = moved.directory(tmp_path / "build", State("", AS_IT_WAS.make, submodules), method, into)
    world, name = moved.world, directory.name
    succeeded(directory.check_out(world.url(name), world.second[name]))
    assert directory.differences(world.expected(name, world.second[name])) == []
    origin = ["git", "remote", "get-url", "origin"]
    for place, repository in (
        {".": name, "lib": "library", "lib/inner": "inner"}.items() if submodules else [(".", name)]
    ):
        there = subprocess.run(origin, cwd=directory.clone / place, check=True, capture_output=True, text=True)
        assert there.stdout.strip() == world.url(repository)


@pytest.mark.parametrize("method", [None, "fresh", "clobber"])
def test_a_nested_submodule_moves(tmp_path: Path, method: str | None) -> None:
    """The address of a submodule's submodule is another one since its parent's new revision; the first try finds it."""
    inner, library, widget = (Repository(tmp_path / name) for name in ("inner", "library", "widget"))
    inner.commit("first", **{"inner.txt": "one\n"})
    library.git("submodule", "--quiet", "add", inner.url, "inner")
    library.commit("first")
    widget.git("submodule", "--quiet", "add", library.url, "lib")
    directory = Directory(tmp_path / "build", name="widget", into=".", method=method)
    succeeded(directory.check_out(widget.url, widget.commit("first")))
    inner.path = inner.path.rename(tmp_path / "moved")
    inner.commit("second", **{"inner.txt": "two\n"})
    library.git("submodule", "--quiet", "set-url", "inner", inner.url)
    library.git("-C", "inner", "pull", "--quiet", inner.url, "main")
    library.write("note")
    library.commit("the inner one has moved")
    widget.git("-C", "lib", "pull", "--quiet", library.url, "main")
    widget.write("note")
    performance = succeeded(directory.check_out(widget.url, widget.commit("with it")))
    assert (directory.tree / "lib/inner/inner.txt").read_text() == "two\n"
    assert "remove" not in performance.labels or method == "clobber"


@pytest.mark.parametrize(("method", "into"), METHODS[:4])
@pytest.mark.parametrize("becomes", ["directory", "file", "nothing", "link"])
def test_a_submodule_that_is_none_any_more(
    tmp_path: Path, site: Site, becomes: str, method: str | None, into: str
) -> None:
    """A directory, a file or nothing in place of a submodule, and back: nothing of either is left in the other."""
    widget = Repository.of(shutil.copytree(site.world.root / "widget", tmp_path / "widget", symlinks=True))
    widget.git("rm", "--quiet", "lib")
    if becomes == "directory":
        widget.write("lib/own.txt", "own\n")
    elif becomes == "file":
        widget.write("lib", "a file\n")
    elif becomes == "link":
        (widget.path / "lib").symlink_to("a.txt")
    widget.write("note")
    without = widget.commit("without")
    world = site.world
    directory = site.directory(tmp_path / "build", State("", AS_IT_WAS.make, submodules=True), method, into)
    succeeded(directory.check_out(widget.url, without))
    own = {path: data for path, data in files_below(widget.path).items() if not path.startswith("lib/.git")}
    assert directory.differences(own) == []
    succeeded(directory.check_out(world.url("widget"), world.first["widget"]))
    assert directory.differences(world.expected("widget", world.first["widget"])) == []


@pytest.mark.parametrize("state", ["as it was left", "no .git", "nonsense in the index"])
def test_a_commit_is_to_blame_for_what_it_names(tmp_path: Path, site: Site, state: str) -> None:
    """A submodule that is nowhere is the commit's failure, from whatever state; not before a new clone has shown it."""
    widget = Repository.of(shutil.copytree(site.world.root / "plain", tmp_path / "widget", symlinks=True))
    widget.write(".gitmodules", '[submodule "lib"]\n\tpath = lib\n\turl = ../nowhere\n')
    widget.git("update-index", "--add", "--cacheinfo", f"160000,{widget.head()},lib")
    widget.git("commit", "--quiet", "-m", "with a library that is nowhere")
    (made,) = [each for each in STATES if each.name == state]
    directory = site.directory(tmp_path / "build", made, None, ".")
    directory.name = "widget"
    performance = directory.check_out(widget.url, widget.head())
    assert performance.conclusion.result is Result.FAILURE
    assert "nowhere" in performance.conclusion.summary
    assert performance.labels.count("remove") == 1
    assert performance.labels[-1] == "git submodule"


@pytest.mark.parametrize("state", ["as it was left", "no .git", "nonsense in the index"])
def test_a_worker_without_large_files(tmp_path: Path, site: Site, state: str) -> None:
    """A worker without git-lfs says that it lacks it and blames nobody, and its directory is good for others after."""
    widget = Repository.of(shutil.copytree(site.world.root / "plain", tmp_path / "widget", symlinks=True))
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 5\n"
    revision = widget.commit("large", **{".gitattributes": "*.bin filter=lfs -text\n", "x.bin": pointer})
    (made,) = [each for each in STATES if each.name == state]
    directory = site.directory(tmp_path / "build", made, None, ".", WithoutLargeFiles)
    conclusion = directory.check_out(widget.url, revision, lfs=True).conclusion
    assert conclusion.result is Result.EXCEPTION
    assert "git-lfs" in conclusion.summary
    succeeded(directory.check_out(widget.url, revision))
    assert (directory.tree / "x.bin").read_text() == pointer
