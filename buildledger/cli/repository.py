"""The git repository that somebody stands in, asked by git itself; for commands of people, not for the server."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import click

from buildledger.config.init.document import FILE_NAME
from buildledger.config.init.tree import Tree
from buildledger.domain.schedule import default_branch
from buildledger.sources.git.command import INHERITED
from buildledger.wording import plural

GIT_SECONDS = 60.0
PATHS_MAX = 200_000
"""More files than any rule needs; those of a larger repository that come first by name do."""
CREDENTIALS = re.compile(r"^(\w+://)[^/@]*@")


@dataclass(frozen=True, kw_only=True)
class Repository:
    """What of a repository matters for its first build."""

    root: Path
    """Its work tree; of a bare one the repository itself."""
    head: str | None
    """The commit that is checked out; None: there is none yet."""
    branch: str | None
    """The branch that is checked out; None: the commit itself is."""
    branches: tuple[str, ...]
    changed: int
    """Files that differ from the commit, or aren't in it, but for the configuration."""
    remote: str | None
    """Its `origin`, or another remote, without anybody's name and password."""

    @property
    def name(self) -> str:
        """What the remote calls it, or else its directory."""
        address = self.remote or str(self.root)
        return re.split(r"[/:\\]", address.rstrip("/"))[-1].removesuffix(".git") or "repository"

    def notes(self) -> list[str]:
        """What may surprise somebody who expects this work tree to be built, a line each."""
        notes = []
        if self.head is None:
            notes.append("nothing is committed yet: the first build starts by itself with the first commit")
        elif self.branch is None:
            first = default_branch(None, None, self.branches)
            switch = "no branch is here, and branches are built: make one of this commit with `git switch -c NAME`"
            built = f"HEAD is on no branch, and branches are built: the first build is of {first}"
            notes.append(built if first else switch)
        if self.head is not None and self.changed:
            left = "is" if self.changed == 1 else "are"
            changed = plural(self.changed, "file")
            notes.append(f"what is committed is built; {changed} with uncommitted changes {left} left out")
        return notes

    def tree(self) -> Tree:
        """The files of the commit that is checked out; before the first commit those that are there."""
        if self.head is None:
            listed = _git(self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
            return Tree(_paths(listed), lambda path: _content(self.root / path))
        listed = _git(self.root, "ls-tree", "-r", "-z", "--name-only", "--full-tree", self.head)
        return Tree(_paths(listed), lambda path: _git(self.root, "cat-file", "blob", f"{self.head}:{path}") or b"")


def repository_at(directory: Path) -> Repository:
    """The repository that a directory is in.

    Raises:
        click.ClickException: It is in none, there is no git, or git won't read it.
    """
    root = _root(directory)
    head = _line(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    refs = _git(root, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads") or b""
    status = _git(root, "status", "--porcelain", "-z", "--no-renames", "--", f":(top,exclude){FILE_NAME}") or b""
    return Repository(
        root=root,
        head=head or None,
        branch=_line(root, "symbolic-ref", "--quiet", "--short", "HEAD") or None,
        branches=tuple(refs.decode("utf-8", "replace").split()),
        changed=status.count(b"\0"),
        remote=_remote(root),
    )


def _root(directory: Path) -> Path:
    try:
        found = _run(directory, "rev-parse", "--is-bare-repository", "--show-cdup", "--absolute-git-dir")
    except FileNotFoundError:
        raise click.ClickException("git isn't installed, and Build Ledger builds from git repositories") from None
    said = found.stderr.decode("utf-8", "replace").strip()
    if found.returncode != 0 and "not a git repository" in said:
        raise click.ClickException(
            f"{directory} is in no git repository: go into one, or make one with `git init` and a first commit"
        )
    lines = os.fsdecode(found.stdout).splitlines()
    if found.returncode != 0 or len(lines) < 2:
        raise click.ClickException(f"git can't read the repository in {directory}: {said or 'it said nothing'}")
    if lines[0] == "true":
        return Path(lines[-1])
    if len(lines) == 2:
        raise click.ClickException(f"{directory} is inside a repository's own .git: go to its files")
    return (directory / lines[1]).resolve()


def _remote(root: Path) -> str | None:
    names = (_git(root, "remote") or b"").decode("utf-8", "replace").split()
    if not names:
        return None
    name = "origin" if "origin" in names else names[0]
    address = _line(root, "remote", "get-url", name)
    return CREDENTIALS.sub(r"\1", address) if address.startswith(("http://", "https://")) else address or None


def _paths(listed: bytes | None) -> frozenset[str]:
    return frozenset(os.fsdecode(path) for path in (listed or b"").split(b"\0")[:PATHS_MAX] if path)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError:
        return b""


def _line(root: Path, *arguments: str) -> str:
    return (_git(root, *arguments) or b"").decode("utf-8", "replace").strip()


def _git(root: Path, *arguments: str) -> bytes | None:
    """What git writes; None if it fails."""
    done = _run(root, *arguments)
    return done.stdout if done.returncode == 0 else None


def _run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if name not in INHERITED}
    try:
        return subprocess.run(
            ["git", "-C", str(directory), "-c", "core.fsmonitor=false", *arguments],
            env=environment | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=GIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise click.ClickException(f"git {arguments[0]} hasn't answered within {GIT_SECONDS:.0f} s") from None
