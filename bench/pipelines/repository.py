"""A repository of many branches, each with a file of its own that defines builders."""

from __future__ import annotations

import subprocess
from pathlib import Path

FILE = ".buildledger.yaml"
BUILDERS = 5
_COMMITTER = "A <a@b.example>"
_BEGAN = 1_800_000_000


def make(path: Path) -> None:
    """A repository whose main branch has the file."""
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", path], check=True)
    _import(path, _commit("main", 0, parent=None))


def add_branches(path: Path, count: int, *, alike: bool) -> None:
    """Branches with a commit each; `alike`: all with the same file."""
    commits = (_commit(f"change/{number}", 0 if alike else number, parent="main") for number in range(1, count + 1))
    _import(path, "".join(commits))


def push(path: Path, number: int) -> str:
    """One more commit on main, which changes the file; gives its revision."""
    _import(path, _commit("main", number, parent="main"))
    done = subprocess.run(["git", "-C", path, "rev-parse", "main"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _import(path: Path, commits: str) -> None:
    subprocess.run(["git", "-C", path, "fast-import", "--quiet"], input=commits.encode(), check=True)


def _commit(branch: str, number: int, parent: str | None) -> str:
    begins = "" if parent is None else f"from refs/heads/{parent}^0\n"
    files = {FILE: _file(number), "changed.txt": f"{branch} {number}\n"}
    content = "".join(f"M 100644 inline {name}\ndata {len(text)}\n{text}\n" for name, text in files.items())
    return (
        f"commit refs/heads/{branch}\ncommitter {_COMMITTER} {_BEGAN + number} +0000\ndata 6\nchange\n{begins}{content}"
    )


def _file(number: int) -> str:
    builders = "".join(
        f"  b{builder}: {{steps: [{{checkout: widget}}, {{run: [make, part{builder}, '{number}']}}]}}\n"
        for builder in range(BUILDERS)
    )
    return f"version: 1\nbuilders:\n{builders}"
