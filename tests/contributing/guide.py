"""Performs a guide on a copy of the repository: writes the files and adds the lines that it shows, nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.copies import environment, make_copy

ROOT = Path(__file__).parent.parent.parent
GUIDES = ROOT / "docs" / "contributing"
BLOCK = re.compile(r"^```(\w+) file=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Performed:
    """A copy of the repository in which a guide was performed."""

    root: Path
    new_files: list[str] = field(default_factory=list)
    added_lines: dict[str, int] = field(default_factory=dict)
    """By file, how many lines were added to those that were there before."""

    def run(self, *argv: str, fails: bool = False) -> str:
        """Run a module in the copy, on the copy's own code; gives what it printed. `fails`: it has to."""
        return self._execute(sys.executable, "-m", *argv, fails=fails)

    def _execute(self, *argv: str | Path, fails: bool = False) -> str:
        done = subprocess.run(
            argv,
            cwd=self.root,
            env=environment(self.root),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, f"{argv}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    def check(self) -> None:
        """What `make check` asks of Python code, of the files that the guide touches."""
        touched = [name for name in (*self.new_files, *self.added_lines) if name.endswith(".py")]
        self.run("ruff", "check", "--no-cache", *touched)
        self.run("ruff", "format", "--no-cache", "--check", *touched)
        # what `make check` knows already: only what the guide changed, and what depends on it, is read again
        if (known := ROOT / ".mypy_cache").is_dir():
            shutil.copytree(known, self.root / ".mypy_cache", dirs_exist_ok=True)
        self.run("mypy", *touched)
        self._execute(Path(sys.executable).with_name("lint-imports"), "--no-cache")


def perform(guide: str, place: Path) -> Performed:
    """Apply every block of a guide that names a file."""
    performed = Performed(make_copy(ROOT, place))
    for language, name, body in BLOCK.findall((GUIDES / guide).read_text()):
        path = performed.root / name
        if language == "diff":
            performed.added_lines[name] = performed.added_lines.get(name, 0) + _add(path, body)
        else:
            assert not path.exists(), f"{guide} writes {name}, which is there already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body)
            performed.new_files.append(name)
    return performed


def _add(path: Path, diff: str) -> int:
    """Change a file as a diff shows it, where the lines that it keeps or removes stand; gives how many were added."""
    lines = diff.splitlines()
    before = "\n".join(line[1:] for line in lines if not line.startswith("+"))
    after = "\n".join(line[1:] for line in lines if not line.startswith("-"))
    text = path.read_text()
    assert text.count(before) == 1, f"{path}: the place of a change is there {text.count(before)} times:\n{before}"
    path.write_text(text.replace(before, after))
    return sum(line.startswith("+") and bool(line[1:].strip()) for line in lines)
