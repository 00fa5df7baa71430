"""Real git repositories for tests, made and changed by the git that is installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class Repository:
    """A repository with a work tree, as somebody at a desk has it."""

    def __init__(self, path: Path, *, object_format: str = "sha1") -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main", f"--object-format={object_format}")
        self._clock = 1_700_000_000

    @classmethod
    def of(cls, path: Path) -> Repository:
        """The repository that is there already."""
        repository = cls.__new__(cls)
        repository.path, repository._clock = path, 1_800_000_000
        return repository

    @property
    def url(self) -> str:
        return f"file://{self.path}"

    def git(self, *arguments: str, stdin: bytes | None = None, env: dict[str, str] | None = None) -> str:
        """Run git as its owner and give what it prints, stripped."""
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.path,
            env=ENVIRONMENT | (env or {}),
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode(errors="surrogateescape").strip()

    def write(self, name: str | bytes, content: str = "content\n") -> None:
        """Put a file into the work tree and the index."""
        place = self.path / os.fsdecode(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
        self.git("add", "--all")

    def commit(self, message: str = "change", author: str = "Jane Doe <jane@acme.example>", **files: str) -> str:
        """Commit `files` (and what is in the index) and give the revision."""
        for name, content in files.items():
            self.write(name, content)
        self._clock += 60
        dates = {"GIT_AUTHOR_DATE": f"{self._clock} +0100", "GIT_COMMITTER_DATE": f"{self._clock} +0100"}
        self.git(
            "commit",
            "--quiet",
            "--allow-empty",
            "--allow-empty-message",
            "--cleanup=verbatim",
            f"--author={author}",
            "--file=-",
            stdin=message.encode(),
            env=dates,
        )
        return self.head()

    def head(self) -> str:
        """The revision that is checked out."""
        return self.git("rev-parse", "HEAD")


ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_COMMITTER_NAME": "Jane Doe",
    "GIT_COMMITTER_EMAIL": "jane@acme.example",
    "GIT_AUTHOR_NAME": "Jane Doe",
    "GIT_AUTHOR_EMAIL": "jane@acme.example",
}
