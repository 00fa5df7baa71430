"""Files that git-lfs keeps elsewhere, with the real git-lfs: the files or their pointers, as it was asked for."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from buildledger.config.steps.checkout import CheckoutStep
from buildledger.events.request import SourceStamp
from buildledger.events.results import Result
from buildledger.steps.program import StepInputs
from buildledger.testing.step_executor import Performance, StepExecutor
from tests.fakes.repository import Repository

pytestmark = pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")

CONTENT = "x" * 100_000
MODES: list[dict[str, Any]] = [
    {},
    {"mode": "full", "method": "fresh"},
    {"mode": "full", "method": "copy", "into": "src"},
]


class Place:
    """A repository with a large file, in a library too, and a build's directory."""

    def __init__(self, root: Path) -> None:
        self.library, self.widget = Repository(root / "library"), Repository(root / "widget")
        for repository in (self.library, self.widget):
            repository.git("lfs", "install", "--local")
            repository.git("lfs", "track", "*.bin")
            repository.commit("large", **{"large.bin": CONTENT})
        self.executor = StepExecutor(root / "build")

    def stored(self) -> Path:
        """Where the far end keeps the large file."""
        found = (each for each in (self.widget.path / ".git/lfs/objects").rglob("*") if each.is_file())
        return max(found, key=lambda each: each.stat().st_size)

    def check_out(self, **options: Any) -> Performance:
        """The repository's head, with the large files unless it is said otherwise."""
        stamp = SourceStamp(source="widget", repository=self.widget.url, branch="main", revision=self.widget.head())
        step = CheckoutStep(name="checkout", source="widget", **({"lfs": True} | options))
        return self.executor.perform(step, StepInputs(stamps={"widget": stamp}, systems={"widget": "git"}, first=True))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def succeeded(performance: Performance) -> Performance:
    assert performance.conclusion.result is Result.SUCCESS, (performance.conclusion, performance.labels)
    return performance


@pytest.mark.parametrize("options", MODES, ids=str)
def test_files_and_pointers_follow_what_is_asked_for(place: Place, options: dict[str, Any]) -> None:
    """In the clone of an earlier checkout too, at the same revision; when nothing changes it costs no operation."""
    large = place.executor.directory / options.get("into", ".") / "large.bin"
    for lfs in (False, True, False, True):
        succeeded(place.check_out(lfs=lfs, **options))
        assert (large.read_text() == CONTENT) is lfs
    place.widget.commit("larger", **{"large.bin": "y" * 200_000})
    performance = succeeded(place.check_out(**options))
    assert large.read_text() == "y" * 200_000
    assert "git read-tree" not in performance.labels


def test_files_of_submodules(place: Place) -> None:
    """They come, and go, with the others."""
    place.widget.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../library", "lib")
    place.widget.commit("with a library")
    for lfs in (True, False, True):
        succeeded(place.check_out(lfs=lfs, submodules=True))
        assert ((place.executor.directory / "lib/large.bin").read_text() == CONTENT) is lfs


def test_a_file_that_is_nowhere(place: Place) -> None:
    """A file that the far end has lost is named; no pointer stands in for it, and nothing is cloned anew for it."""
    stored = place.stored()
    stored.rename(stored.with_suffix(".lost"))
    performance = place.check_out()
    assert performance.conclusion.result is Result.EXCEPTION
    assert performance.conclusion.summary.startswith("git checkout: not found: Error downloading object: large.bin")
    assert "remove" not in performance.labels
    large = place.executor.directory / "large.bin"
    assert not large.exists()
    stored.with_suffix(".lost").rename(stored)
    succeeded(place.check_out())
    assert large.read_text() == CONTENT


@pytest.mark.parametrize("damage", [b"", b"cut"])
def test_a_damaged_store_in_the_clone(place: Place, damage: bytes) -> None:
    """What the clone keeps of a large file is fetched again if it isn't whole."""
    succeeded(place.check_out())
    kept = [each for each in (place.executor.directory / ".git/lfs/objects").rglob("*") if each.is_file()]
    for each in kept:
        each.unlink()
        each.write_bytes(damage)
    (place.executor.directory / "large.bin").unlink()
    succeeded(place.check_out())
    assert (place.executor.directory / "large.bin").read_text() == CONTENT


def test_a_store_that_cannot_be_reached(place: Place) -> None:
    """It is a broken network: tried again after pauses, then said; no file is there."""
    place.widget.commit("elsewhere", **{".lfsconfig": "[lfs]\n\turl = http://127.0.0.1:1/large\n"})
    performance = place.check_out()
    assert performance.conclusion.result is Result.EXCEPTION
    assert "no connection: Error downloading object: large.bin" in performance.conclusion.summary
    assert not (place.executor.directory / "large.bin").exists()
