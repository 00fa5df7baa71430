"""Notices at once that a repository in the file system has changed, by looking at where git keeps its branches."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

WATCH_SECONDS = 0.25
"""Between two looks: what a commit waits at most before it is seen."""
DIRECTORIES = 2000
"""Directories of branches that are looked at; a change in others waits for the next poll."""

Signature = tuple[tuple[str, int, int], ...]


async def watch(repository: Path, changed: Callable[[], None]) -> None:
    """Call `changed` whenever the branches of `repository` may have moved; runs until it is cancelled."""
    before = await asyncio.to_thread(signature, repository)
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        now = await asyncio.to_thread(signature, repository)
        if now != before:
            before = now
            changed()


def signature(repository: Path) -> Signature:
    """Something that differs after every move of a branch; empty if there is no repository.

    A branch that moves is a file renamed into its directory, so only directories are looked at. Blocks.
    """
    git_directory = _git_directory(repository)
    places = [git_directory / "HEAD", git_directory / "packed-refs", git_directory / "reftable"]
    for directory, _, _ in os.walk(git_directory / "refs" / "heads"):
        places.append(Path(directory))
        if len(places) > DIRECTORIES:
            break
    return tuple(seen for place in places if (seen := _look(place)))


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


def _look(place: Path) -> tuple[str, int, int] | None:
    try:
        status = place.stat()
    except OSError:
        return None
    return (str(place), status.st_mtime_ns, status.st_ino)
