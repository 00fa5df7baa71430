"""Notices at once that a repository in the file system has changed, by looking at where its system keeps branches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

WATCH_SECONDS = 0.25
"""Between two looks: what a commit waits at most before it is seen."""

Signature = tuple[tuple[str, int, int], ...]


async def watch(paths: Callable[[], Iterable[Path]], changed: Callable[[], None]) -> None:
    """Call `changed` whenever one of the paths has changed; runs until it is cancelled.

    `paths` is asked anew at each look, in a thread, since a new branch may be a new path.
    """
    before = await asyncio.to_thread(signature, paths)
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        now = await asyncio.to_thread(signature, paths)
        if now != before:
            before = now
            changed()


def signature(paths: Callable[[], Iterable[Path]]) -> Signature:
    """Something that differs after every change of a path; those that aren't there leave no trace. Blocks."""
    return tuple(found for path in paths() if (found := _state_of(path)))


def _state_of(path: Path) -> tuple[str, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (str(path), status.st_mtime_ns, status.st_ino)
