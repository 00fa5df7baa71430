"""Every state in which a checkout may find a build's directory, and the clones that are brought into them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from buildledger.events.results import Result
from buildledger.testing.step_executor import Performance, StepExecutor
from tests.fakes.repository import ENVIRONMENT, Repository
from tests.steps.checkout_world import Directory, World

METHODS = ((None, "."), ("fresh", "src"), ("clean", "."), ("clobber", "."), ("copy", "src"), (None, "src"))
"""Every way of checking out, with a directory for it."""


class State(NamedTuple):
    """A state that a build's directory may be in."""

    name: str
    make: Callable[[Directory], None]
    """Bring a directory into it that an earlier build has used."""
    submodules: bool = False
    """Whether it is one of a repository with submodules."""


class Site:
    """The repositories and, of each, a clone that a build has made of its first revision."""

    def __init__(self, root: Path) -> None:
        self.world = World(root / "world")
        self._templates: dict[str, Path] = {}
        for name in ("plain", "widget"):
            self._templates[name] = root / f"template-{name}"
            made = Directory(self._templates[name], name=name, into=".", method=None)
            succeeded(made.check_out(self.world.url(name), self.world.first[name]))

    def directory(
        self,
        place: Path,
        state: State,
        method: str | None,
        into: str,
        executor: type[StepExecutor] = StepExecutor,
    ) -> Directory:
        """A build's directory at `place`, in this state."""
        name = "widget" if state.submodules else "plain"
        directory = Directory(place, name=name, into=into, method=method, executor=executor)
        directory.fill(self._templates[name])
        state.make(directory)
        return directory

    def heal(self, place: Path, state: State, method: str | None, into: str) -> list[str]:
        """Check out the second revision from this state; what is wrong then."""
        directory = self.directory(place, state, method, into)
        name, world = directory.name, self.world
        conclusion = directory.check_out(world.url(name), world.second[name]).conclusion
        if conclusion.result is not Result.SUCCESS:
            return [f"{conclusion.result}: {conclusion.summary}"]
        wrong = directory.differences(world.expected(name, world.second[name]))
        if f"url = {world.url(name)}\n" not in (directory.clone / ".git/config").read_text():
            wrong.append("origin is another one")
        if _history(directory.clone) != _history(world.root / name):
            wrong.append("the history is another one")
        return wrong


def _history(clone: Path) -> str:
    counting = ["git", "rev-list", "--count", "HEAD"]
    return subprocess.run(counting, cwd=clone, env=ENVIRONMENT, check=True, capture_output=True, text=True).stdout


def succeeded(performance: Performance) -> Performance:
    """What it did, if it came to the revision."""
    assert performance.conclusion.result is Result.SUCCESS, (performance.conclusion, performance.labels)
    return performance


def _git(directory: Directory, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=directory.clone, env=ENVIRONMENT, check=True, capture_output=True)


def _write(path: str, content: bytes = b"nonsense\n") -> Callable[[Directory], None]:
    def write(directory: Directory) -> None:
        place = directory.clone / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.chmod(0o644) if place.is_file() else None
        place.write_bytes(content)

    return write


def _remove(path: str) -> Callable[[Directory], None]:
    def remove(directory: Directory) -> None:
        place = directory.clone / path
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)

    return remove


def _then(*steps: Callable[[Directory], None]) -> Callable[[Directory], None]:
    def make(directory: Directory) -> None:
        for step in steps:
            step(directory)

    return make


def _in_git(*arguments: str) -> Callable[[Directory], None]:
    return lambda directory: _git(directory, *arguments)


def _empty_objects(path: str) -> Callable[[Directory], None]:
    def empty(directory: Directory) -> None:
        for place in (directory.clone / path).rglob("*"):
            if place.is_file():
                place.chmod(0o644)
                place.write_bytes(b"")

    return empty


def _unwatched(flag: str, path: str, place: str = ".") -> Callable[[Directory], None]:
    """A file with content that nobody wants, which git is told to let be."""
    return _then(_in_git("-C", place, "update-index", flag, path), _write(f"{place}/{path}"))


def _shallow() -> Callable[[Directory], None]:
    """As a checkout with `depth` has left it."""

    def cut(directory: Directory) -> None:
        head = (directory.clone / ".git/HEAD").read_text()
        (directory.clone / ".git/shallow").write_text(head)

    return cut


def _nothing(directory: Directory) -> None:
    """As the last build left it."""


def _dirty(directory: Directory) -> None:
    """A build has changed, deleted and replaced what the revision has."""
    tree = directory.clone
    (tree / "a.txt").write_text("changed\n")
    (tree / "thing").unlink()
    (tree / "thing").mkdir()
    (tree / "thing" / "left.o").write_text("")
    shutil.rmtree(tree / "folder")
    (tree / "folder").symlink_to("/nowhere")


def _never_used(directory: Directory) -> None:
    shutil.rmtree(directory.executor.directory)
    directory.executor.directory.mkdir()


def _a_file(directory: Directory) -> None:
    """Where the clone is to be stands a file; of a whole build's directory that can't be."""
    if directory.clone != directory.executor.directory:
        shutil.rmtree(directory.clone)
        directory.clone.write_text("")


def _unrelated(directory: Directory) -> None:
    """The clone of quite another repository, with submodules or without."""
    shutil.rmtree(directory.clone)
    repository = Repository(directory.clone)
    repository.commit("unrelated", **{"unrelated.txt": "u\n", "a.txt": "unrelated\n"})
    repository.git("remote", "add", "origin", "/nowhere")


def _read_only(path: str) -> Callable[[Directory], None]:
    def protect(directory: Directory) -> None:
        place = directory.tree / path
        place.mkdir(parents=True, exist_ok=True)
        (place / "module.go").write_text("")
        place.chmod(0o555)
        place.parent.chmod(0o555)

    return protect


STATES = (
    State("as it was left", _nothing),
    State("never used", _never_used),
    State("changed by a build", _dirty),
    State("a file in its place", _a_file),
    State("the clone of something else", _unrelated),
    State("no origin", _in_git("remote", "remove", "origin")),
    State("an origin with two addresses", _in_git("remote", "set-url", "--add", "origin", "/nowhere")),
    State("no HEAD", _remove(".git/HEAD")),
    State("nonsense in HEAD", _write(".git/HEAD")),
    State("nonsense in config", _write(".git/config")),
    State("an empty config", _write(".git/config", b"")),
    State("nonsense in the index", _write(".git/index")),
    State("an empty index", _write(".git/index", b"")),
    State("no index", _remove(".git/index")),
    State("no objects", _remove(".git/objects")),
    State("empty objects", _empty_objects(".git/objects")),
    State("nonsense in a reference", _write(".git/refs/buildledger/head")),
    State("nonsense in the packed references", _write(".git/packed-refs")),
    State("nonsense about what is shallow", _write(".git/shallow")),
    State("no .git", _remove(".git")),
    State(".git is empty", _then(_remove(".git"), lambda directory: (directory.clone / ".git").mkdir())),
    State(".git leads nowhere", _then(_remove(".git"), _write(".git", b"gitdir: /nowhere\n"))),
    State(".git is nonsense", _then(_remove(".git"), _write(".git"))),
    State("the index is locked", _write(".git/index.lock", b"")),
    State("the configuration is locked", _write(".git/config.lock", b"")),
    State("HEAD is locked", _write(".git/HEAD.lock", b"")),
    State("the reference is locked", _write(".git/refs/buildledger/head.lock", b"")),
    State("a fetch was killed", _then(_write(".git/objects/pack/tmp_pack_x"), _write(".git/FETCH_HEAD", b""))),
    State("a checkout was killed", _then(_write("a.txt", b"tw"), _remove("thing"), _write(".git/index.lock", b"x"))),
    State("a file that git isn't to look at", _then(_in_git("update-index", "--assume-unchanged", "a.txt"), _dirty)),
    State("a file that git isn't to write", _unwatched("--skip-worktree", ".gitignore")),
    State("an unchanged file that git isn't to look at", _unwatched("--assume-unchanged", ".gitignore")),
    State("attributes of its own", _write(".git/info/attributes", b"*.txt text eol=crlf\n")),
    State("ignored files of its own", _write(".git/info/exclude", b"*\n")),
    State("addresses that lead elsewhere", _in_git("config", "url./nowhere/.insteadOf", "file://")),
    State(
        "included configuration",
        _then(_write("c.cfg", b'[url "/x/"]\n\tinsteadOf = file:\n'), _in_git("config", "include.path", "../c.cfg")),
    ),
    State("shallow", _shallow()),
    State("large files in it", _in_git("config", "buildledger.lfs", "true")),
    State(
        "a first checkout was killed", _then(_in_git("symbolic-ref", "HEAD", "refs/heads/main"), _remove(".git/index"))
    ),
    State("a sparse checkout", _in_git("sparse-checkout", "set", "--no-cone", "/folder/")),
    State("a clone without files", _then(_in_git("config", "core.bare", "true"), _remove("folder"))),
    State("files elsewhere", _in_git("config", "core.worktree", "/nowhere")),
    State("as with submodules it was left", _nothing, submodules=True),
    State("no .git, with submodules", _remove(".git"), submodules=True),
    State("nonsense in the index, with submodules", _write(".git/index"), submodules=True),
    State("nonsense in the config, with submodules", _write(".git/config"), submodules=True),
    State("a submodule without .git", _remove("lib/.git"), submodules=True),
    State("a submodule that is gone", _remove("lib"), submodules=True),
    State("a submodule that has become a file", _then(_remove("lib"), _write("lib")), submodules=True),
    State("a submodule's repository is gone", _remove(".git/modules/lib"), submodules=True),
    State("a submodule's index is nonsense", _write(".git/modules/lib/index"), submodules=True),
    State("a submodule's objects are empty", _empty_objects(".git/modules/lib/objects"), submodules=True),
    State("a submodule's HEAD is nonsense", _write(".git/modules/lib/HEAD"), submodules=True),
    State("a nested repository is gone", _remove(".git/modules/lib/modules/inner"), submodules=True),
    State("a submodule's index is locked", _write(".git/modules/lib/index.lock", b""), submodules=True),
    State("both are locked", _then(_write(".git/modules/lib/index.lock"), _write(".git/index.lock")), submodules=True),
    State("a submodule changed by a build", _write("lib/lib.txt"), submodules=True),
    State("shallow, with submodules", _shallow(), submodules=True),
    State("large files in it, with submodules", _in_git("config", "buildledger.lfs", "true"), submodules=True),
    State(
        "a file of a submodule that git isn't to write",
        _unwatched("--skip-worktree", "inner.txt", "lib/inner"),
        submodules=True,
    ),
    State("a submodule that isn't active", _in_git("config", "submodule.lib.active", "false"), submodules=True),
    State("a submodule of nobody's", _in_git("config", "submodule.lib.url", "/nowhere"), submodules=True),
)

READ_ONLY = (
    State("a read-only cache", _read_only("cache/mod/x")),
    State("a read-only directory of the revision's", _read_only("folder/deep")),
    State("a read-only cache, with submodules", _read_only("cache/mod/x"), submodules=True),
    State("a read-only directory in a submodule", _read_only("lib/cache/x"), submodules=True),
)
"""These keep back whoever hasn't root's rights."""

AS_IT_WAS = STATES[0]
PRODUCT = tuple((state, method, into) for state in STATES for method, into in METHODS)
"""Every state with every method."""
