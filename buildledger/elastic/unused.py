"""Removes what workers beside the server have left that nobody starts any more."""

from __future__ import annotations

import logging
import os
import shutil
import stat
import time
from pathlib import Path

KEEP_SECONDS = 30 * 86_400.0
"""A worker that is started again within this time finds its clones where it left them."""

_log = logging.getLogger(__name__)


def remove_unused(home: Path, in_use: str, keep_seconds: float = KEEP_SECONDS) -> None:
    """Remove the directories in `home` of workers that weren't started for so long and don't run; blocks on the disk.

    Never that of `in_use`, nor one in which no worker was ever started. What can't be removed is tried the next time.
    """
    before = time.time() - keep_seconds
    for directory in sorted(home.iterdir() if home.is_dir() else ()):
        if directory.name == in_use or directory.is_symlink() or not directory.is_dir():
            continue
        try:
            if _is_over(directory, before):
                _log.info("removing %s: its worker wasn't started for long", directory)
                _remove(directory)
        except OSError as error:
            _log.warning("%s can't be removed: %s", directory, error)


def _is_over(directory: Path, before: float) -> bool:
    """Whether workers were started there, the last one long ago, and none runs."""
    claims = list(directory.glob("start-*.pid"))
    used = [path.lstat().st_mtime for path in (*claims, directory / "output.log") if path.exists()]
    running = [claim for claim in claims if (Path("/proc") / claim.read_text().strip()).exists()]
    return bool(claims) and max(used) < before and not running


def _remove(directory: Path) -> None:
    """Remove it with all that is in it, also what a build has made read-only."""
    for _, names, _, descriptor in os.fwalk(directory):
        for name in names:
            if not stat.S_ISLNK(os.lstat(name, dir_fd=descriptor).st_mode):
                os.chmod(name, stat.S_IRWXU, dir_fd=descriptor)
    shutil.rmtree(directory)
