"""Repositories, and build directories in every state that a checkout may find, for tests that bring them to a revision.

Everything is made once; a test works in a copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from buildledger.config.steps.checkout import CheckoutStep
from buildledger.events.operation import Ended, OperationSpec, Run
from buildledger.events.request import SourceStamp
from buildledger.steps.program import StepInputs
from buildledger.testing.step_executor import Performance, StepExecutor
from tests.fakes.repository import ENVIRONMENT, Repository

Files = dict[str, bytes]
LEFT = ("left.txt", "left.o", "left/deep/file", "thing.o", "thing/left.o")
"""What builds leave behind; `*.o` is ignored."""


class World:
    """Repositories at `root`: `widget` with a library in it and that with an inner one, and `plain` without."""

    def __init__(self, root: Path) -> None:
        self.root = root
        inner = Repository(root / "inner")
        inner.commit("first", **{"inner.txt": "one\n"})
        library = Repository(root / "library")
        library.write("lib.txt", "one\n")
        library.git("submodule", "--quiet", "add", "../inner", "inner")
        library.commit("first")
        self.widget, self.plain = Repository(root / "widget"), Repository(root / "plain")
        for repository in (self.widget, self.plain):
            repository.commit("first", **{".gitignore": "*.o\n", "a.txt": "one\n", "folder/f.txt": "f\n", "thing": "t\n"})
        self.widget.git("submodule", "--quiet", "add", "../library", "lib")
        self.first = {"plain": self.plain.commit("Readme", Readme="r\n"), "widget": self.widget.commit("with a library")}
        inner.commit("second", **{"inner.txt": "two\n"})
        library.git("-C", "inner", "pull", "--quiet", str(inner.path), "main")
        library.commit("second", **{"lib.txt": "two\n"})
        self.widget.git("-C", "lib", "pull", "--quiet", str(library.path), "main")
        self.second = {name: self._second(getattr(self, name)) for name in ("plain", "widget")}
        self._expected: dict[tuple[str, str], Files] = {}

    def _second(self, repository: Repository) -> str:
        """A file that becomes a directory, a directory that becomes a file, a name in another case, one file less."""
        repository.git("rm", "--quiet", "-r", "folder", "thing")
        if (repository.path / "Readme").exists():
            repository.git("mv", "Readme", "README")
        return repository.commit("second", **{"a.txt": "two\n", "folder": "a file\n", "thing/t.txt": "in a folder\n"})

    def url(self, name: str) -> str:
        """The address of one of the repositories."""
        return f"file://{self.root / name}"

    def expected(self, name: str, revision: str) -> Files:
        """All files of a revision, as an ordinary clone has them."""
        if (name, revision) not in self._expected:
            place = self.root / f"expected-{name}-{revision}"
            git = ["git", "-c", "protocol.file.allow=always"]
            subprocess.run([*git, "clone", "--quiet", self.url(name), place], env=ENVIRONMENT, check=True)
            subprocess.run([*git, "checkout", "--quiet", revision], cwd=place, env=ENVIRONMENT, check=True)
            update = [*git, "submodule", "--quiet", "update", "--init", "--recursive"]
            subprocess.run(update, cwd=place, env=ENVIRONMENT, check=True)
            self._expected[name, revision] = files_below(place)
        return self._expected[name, revision]

    def moved(self, to: Path) -> World:
        """The same repositories elsewhere; nothing is left here."""
        self.root.rename(to)
        self.root = to
        for name in ("widget", "plain"):
            getattr(self, name).path = to / name
        return self


class Unprivileged(StepExecutor):
    """Runs commands without what root may do beyond others, so that read-only directories are read-only."""

    def execute(self, spec: OperationSpec) -> Ended:
        """See `StepExecutor`."""
        if isinstance(spec, Run) and os.geteuid() == 0:
            spec = msgspec.structs.replace(spec, argv=("setpriv", f"--bounding-set={_OVERRIDES}", *spec.argv))
        return super().execute(spec)


class WithoutLargeFiles(StepExecutor):
    """Runs commands on a machine that has git, and no git-lfs."""

    def __init__(self, directory: Path) -> None:
        programs = directory.parent / "programs"
        programs.mkdir(exist_ok=True)
        for name in ("git", "sh", "rm", "sleep"):
            (programs / name).symlink_to(str(shutil.which(name)))
        super().__init__(directory, {"PATH": str(programs)})


_OVERRIDES = "-dac_override,-dac_read_search"


class Directory:
    """A build's directory with a source in it."""

    def __init__(
        self, place: Path, *, name: str, into: str, method: str | None, executor: type[StepExecutor] = StepExecutor
    ) -> None:
        self.name = name
        self.into = into
        self.method = method
        self.executor = executor(place)

    @property
    def tree(self) -> Path:
        """Where the files are."""
        return self.executor.directory / self.into

    @property
    def clone(self) -> Path:
        """Where git works."""
        return self.executor.directory / ".buildledger/source/widget" if self.method == "copy" else self.tree

    def fill(self, template: Path) -> None:
        """Have a clone there that an earlier build has made, with what that build has left behind."""
        for place in {self.clone, self.tree}:
            shutil.copytree(template, place, symlinks=True, dirs_exist_ok=True)
        for left in LEFT[:-1]:
            (self.tree / left).parent.mkdir(parents=True, exist_ok=True)
            (self.tree / left).write_text("left by a build\n")

    def check_out(self, url: str, revision: str, **options: Any) -> Performance:
        """What the step does here."""
        mode: Any = {"mode": "full", "method": self.method} if self.method else {}
        step = CheckoutStep(
            name="checkout", source="widget", into=self.into, submodules=self.name == "widget", **mode, **options
        )
        stamp = SourceStamp(source="widget", repository=url, branch="main", revision=revision)
        return self.executor.perform(step, StepInputs(stamps={"widget": stamp}, systems={"widget": "git"}))

    def differences(self, expected: Files, *, former: Files | None = None) -> list[str]:
        """In what the directory differs from what its method promises; an incremental one may keep `former` files."""
        here = files_below(self.tree)
        kept: set[str] = set(LEFT) | set(former or ()) if self.method is None else set()
        if self.method == "clean":
            kept = {left for left in LEFT if left.endswith(".o")}
        found = [f"{path} is missing" for path in sorted(expected.keys() - here.keys())]
        found += [f"{path} differs" for path in sorted(expected) if here.get(path, expected[path]) != expected[path]]
        return found + [f"{path} is too much" for path in sorted(here.keys() - expected.keys() - kept)]


class State(NamedTuple):
    """A state that a build's directory may be in."""

    name: str
    make: Callable[[Directory], None]
    """Bring a directory into it that an earlier build has used."""
    submodules: bool = False
    """Whether it is one of a repository with submodules."""
    forgets: bool = False
    """Whether nothing is left that tells which files the earlier revision had; who keeps unknown files keeps those."""


def files_below(top: Path) -> Files:
    """Path → content of all files; of the clones' own files only that they are there."""
    found: Files = {}
    for directory, directories, files in os.walk(top):
        place = Path(directory)
        if ".git" in directories or ".git" in files:
            found[str((place / ".git").relative_to(top))] = b""
        for inside in (".git", ".buildledger"):
            if inside in directories:
                directories.remove(inside)
        for name in files:
            if name != ".git":
                found[str((place / name).relative_to(top))] = (place / name).read_bytes()
    return found


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
    State("no index", _remove(".git/index"), forgets=True),
    State("no objects", _remove(".git/objects")),
    State("empty objects", _empty_objects(".git/objects")),
    State("nonsense in a reference", _write(".git/refs/buildledger/head")),
    State("nonsense in the packed references", _write(".git/packed-refs")),
    State("nonsense about what is shallow", _write(".git/shallow")),
    State("no .git", _remove(".git"), forgets=True),
    State(".git is empty", _then(_remove(".git"), lambda directory: (directory.clone / ".git").mkdir()), forgets=True),
    State(".git leads nowhere", _then(_remove(".git"), _write(".git", b"gitdir: /nowhere\n"))),
    State(".git is nonsense", _then(_remove(".git"), _write(".git"))),
    State("the index is locked", _write(".git/index.lock", b"")),
    State("the configuration is locked", _write(".git/config.lock", b"")),
    State("HEAD is locked", _write(".git/HEAD.lock", b"")),
    State("the reference is locked", _write(".git/refs/buildledger/head.lock", b"")),
    State("a fetch was killed", _then(_write(".git/objects/pack/tmp_pack_x"), _write(".git/FETCH_HEAD", b""))),
    State("a checkout was killed", _then(_write("a.txt", b"tw"), _remove("thing"), _write(".git/index.lock", b"x"))),
    State("a file that git isn't to look at", _then(_in_git("update-index", "--assume-unchanged", "a.txt"), _dirty)),
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
    State("a submodule of nobody's", _in_git("config", "submodule.lib.url", "/nowhere"), submodules=True),
)

READ_ONLY = (
    State("a read-only cache", _read_only("cache/mod/x")),
    State("a read-only directory of the revision's", _read_only("folder/deep")),
    State("a read-only cache, with submodules", _read_only("cache/mod/x"), submodules=True),
    State("a read-only directory in a submodule", _read_only("lib/cache/x"), submodules=True),
)
"""These keep back whoever hasn't root's rights."""
