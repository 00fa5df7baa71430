"""Repositories, and a build's directory that brings them to a revision, for tests of checkouts."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

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
            repository.commit(
                "first", **{".gitignore": "*.o\n", "a.txt": "one\n", "folder/f.txt": "f\n", "thing": "t\n"}
            )
        self.widget.git("submodule", "--quiet", "add", "../library", "lib")
        self.first = {
            "plain": self.plain.commit("Readme", Readme="r\n"),
            "widget": self.widget.commit("with a library"),
        }
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
        for name in ("git", "sh", "rm", "sleep", "grep"):
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
        return self.executor.perform(step, StepInputs(stamps={"widget": stamp}, systems={"widget": "git"}, first=True))

    def differences(self, expected: Files, *, former: Files | None = None) -> list[str]:
        """In what the directory differs from what its method promises; an incremental one may keep `former` files."""
        here = files_below(self.tree)
        kept: set[str] = set(LEFT) | set(former or ()) if self.method is None else set()
        if self.method == "clean":
            kept = {left for left in LEFT if left.endswith(".o")}
        found = [f"{path} is missing" for path in sorted(expected.keys() - here.keys())]
        found += [f"{path} differs" for path in sorted(expected) if here.get(path, expected[path]) != expected[path]]
        return found + [f"{path} is too much" for path in sorted(here.keys() - expected.keys() - kept)]


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
