"""A repository in the server's own file system: where git keeps its branches there."""

from __future__ import annotations

import os
from pathlib import Path

DIRECTORIES = 2000
"""Directories of branches that are looked at; a change in others waits for the next poll."""


def watched_paths(repository: Path) -> list[Path]:
    """Where something changes whenever a branch moves. Blocks.

    A branch that moves is a file renamed into its directory, so of branches only the directories are named.
    """
    git_directory = _git_directory(repository)
    paths = [git_directory / "HEAD", git_directory / "packed-refs", git_directory / "reftable"]
    for directory, _, _ in os.walk(git_directory / "refs" / "heads"):
        paths.append(Path(directory))
        if len(paths) > DIRECTORIES:
            break
    return paths


def _git_directory(repository: Path) -> Path:
    """Of a bare repository itself; of one with a work tree the shared part of its `.git`, also if that is a file."""
    try:
        inside = repository / ".git"
        if inside.is_file():
            inside = repository / inside.read_text().removeprefix("gitdir:").strip()
            common = inside / "commondir"
            return inside / common.read_text().strip() if common.is_file() else inside
        return inside if inside.is_dir() else repository
    except (OSError, UnicodeDecodeError):
        return repository
