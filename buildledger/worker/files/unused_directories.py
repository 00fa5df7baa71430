"""Removes the build directories that nothing has used for long, as those of builders that are no more."""

import logging
import os
import secrets
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from buildledger.worker.files.contained import Place
from buildledger.worker.files.trees import StoppedError, remove_tree

LOOK_SECONDS = 6 * 3600.0
"""How often a worker that runs looks for them."""

_ASIDE = ".unused-"
_log = logging.getLogger(__name__)


class UnusedDirectories:
    """Notes when build directories are used, and removes those that weren't for `keep_seconds`; 0: never.

    Each has a note in `state_dir/used`, named as the directory, whose time is that of the last use. What has none was
    made by somebody else, or by a version without notes, and is left alone.
    """

    def __init__(self, state_dir: Path, work_dir: Path, keep_seconds: float) -> None:
        self._notes = state_dir / "used"
        self._work_dir = work_dir
        self._keep_seconds = keep_seconds

    def note(self, builddir: str) -> None:
        """Note that a run is about to use a build directory."""
        name = builddir.partition("/")[0]
        if not _is_plain(name):
            return  # The run is about to be refused.
        try:
            self._notes.mkdir(mode=0o700, exist_ok=True)
            (self._notes / name).touch(mode=0o600)
        except OSError as error:
            _log.warning("the use of build directory %s can't be noted: %s", name, error)

    def put_aside(self, busy: Collection[str]) -> list[Path]:
        """Move those that are due out of the way of runs that begin; whoever called removes them.

        `busy` are the build directories of runs that are at work. What was moved before and not removed comes, too.
        """
        if not self._keep_seconds:
            return []
        used = {builddir.partition("/")[0] for builddir in busy}
        before = time.time() - self._keep_seconds
        for note in sorted(self._notes.glob("*")):
            if note.name in used or note.stat().st_mtime > before:
                continue
            directory = self._work_dir / note.name
            if directory.is_dir() and not directory.is_symlink():
                directory.rename(self._work_dir / f"{_ASIDE}{secrets.token_hex(4)}-{note.name}")
                _log.info("removing the build directory %s: nothing has used it for long", note.name)
            note.unlink(missing_ok=True)
        return sorted(self._work_dir.glob(f"{_ASIDE}*"))


def remove_all(directories: Collection[Path], stopped: threading.Event) -> None:
    """Remove them with all that is in them, also what is read-only, until `stopped` is set; blocks on the disk.

    What can't be removed is tried again when they are looked for the next time.
    """
    for directory in directories:
        try:
            _remove(directory, stopped)
        except OSError as error:
            _log.warning("%s can't be removed: %s", directory, error)


def _remove(directory: Path, stopped: threading.Event) -> None:
    above = os.open(directory.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        name = os.fsencode(directory.name)
        with suppress(StoppedError):
            remove_tree(Place(above, name, os.fsencode(directory)), stopped)
    finally:
        os.close(above)


def _is_plain(name: str) -> bool:
    return name not in ("", ".", "..") and "\0" not in name and "\\" not in name and not name.startswith(_ASIDE)
