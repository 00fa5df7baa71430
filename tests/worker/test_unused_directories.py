"""Build directories that nothing uses any more go, and nothing else does."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from buildledger.worker.files.unused_directories import UnusedDirectories, remove_all

DAY = 86_400.0


def used(state: Path, work: Path, name: str, days_ago: float) -> None:
    """A build directory with a locked one in it, as a module cache leaves it, that was used so long ago."""
    UnusedDirectories(state, work, DAY).note(f"{name}/below")
    at = time.time() - days_ago * DAY
    os.utime(state / "used" / name, (at, at))
    (work / name / "cache").mkdir(parents=True)
    (work / name / "cache" / "file").write_text("x")
    (work / name / "link").symlink_to(work.parent / "outside")
    (work / name / "cache").chmod(0o500)


def test_what_was_unused_for_long_goes(tmp_path: Path) -> None:
    """Not what was used lately, what is at work, what is none of the worker's, nor what a link leads to."""
    state, work = tmp_path / "state", tmp_path / "work"
    state.mkdir()
    for name, days_ago in (("gone", 31.0), ("fresh", 29.0), ("at-work", 400.0)):
        used(state, work, name, days_ago)
    (work / "of-somebody-else").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_text("x")
    directories = UnusedDirectories(state, work, 30 * DAY)
    unused = directories.put_aside(["at-work/below"])
    assert len(unused) == 1
    remove_all(unused, threading.Event())
    assert sorted(path.name for path in work.iterdir()) == ["at-work", "fresh", "of-somebody-else"]
    assert sorted(path.name for path in (state / "used").iterdir()) == ["at-work", "fresh"]
    assert (tmp_path / "outside" / "kept").exists()
    assert directories.put_aside([]) != [], "at-work is due when nothing is at work there"


def test_what_was_not_removed_goes_the_next_time(tmp_path: Path) -> None:
    """A worker that is stopped in the middle leaves the rest to its next start."""
    state, work = tmp_path / "state", tmp_path / "work"
    state.mkdir()
    used(state, work, "gone", 31)
    stopped = threading.Event()
    stopped.set()
    remove_all(UnusedDirectories(state, work, DAY).put_aside([]), stopped)
    (left,) = UnusedDirectories(state, work, DAY).put_aside([])
    remove_all([left], threading.Event())
    assert list(work.iterdir()) == []


def test_it_can_be_told_to_keep_everything(tmp_path: Path) -> None:
    """With 0 days nothing is ever removed."""
    state, work = tmp_path / "state", tmp_path / "work"
    state.mkdir()
    used(state, work, "old", 4_000)
    assert UnusedDirectories(state, work, 0).put_aside([]) == []
    assert (work / "old" / "cache" / "file").exists()
