"""A directory that becomes a link after its checkout has looked for links leads git nowhere else."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from buildledger.config.steps.checkout import CheckoutStep
from buildledger.events.operation import Ended, OperationSpec, Run
from buildledger.events.request import SourceStamp
from buildledger.events.results import Result
from buildledger.steps.program import StepInputs
from buildledger.testing.step_executor import Performance, StepExecutor
from buildledger.worker.files.contained import opened
from buildledger.worker.files.paths import PathEscapesError, build_directory
from tests.fakes.repository import Repository

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="starts commands by /proc/self/fd")


class Swapping(StepExecutor):
    """Starts commands as a worker does, in a directory that it holds open; a link takes the place of another one.

    It comes once the command's directory is open and goes with the command's end; or before it is, and nobody takes
    it away.
    """

    def __init__(self, directory: Path, place: str, outside: Path, *, stays: bool) -> None:
        super().__init__(directory)
        self.swaps = 0
        self._place = directory / place
        self._aside = directory / "aside"
        self._outside = outside
        self._stays = stays

    def execute(self, spec: OperationSpec) -> Ended:
        """See `StepExecutor`."""
        if not isinstance(spec, Run):
            return super().execute(spec)
        if self._stays and not self.swaps:
            self._swap()
        build = build_directory(self.directory.parent, self.directory.name)
        try:
            with opened(build) as tree, tree.directory(os.fsencode(spec.cwd)) as (descriptor, _):
                return self._start(msgspec.structs.replace(spec, cwd="."), Path(f"/proc/self/fd/{descriptor}"))
        except (PathEscapesError, FileNotFoundError) as error:
            return Ended(reason="start_failed", detail=str(error))

    def _start(self, spec: Run, held: Path) -> Ended:
        if self._stays or not self._place.is_dir():
            return StepExecutor(held).execute(spec)
        self._swap()
        ended = StepExecutor(held).execute(spec)
        self._place.unlink()
        self._aside.rename(self._place)
        return ended

    def _swap(self) -> None:
        self._place.rename(self._aside)
        self._place.symlink_to(self._outside)
        self.swaps += 1


def contents(place: Path) -> dict[str, bytes]:
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def check_out(executor: StepExecutor, repository: Repository, method: str | None) -> Performance:
    full: Any = {"mode": "full", "method": method} if method else {}
    step = CheckoutStep(name="checkout", source="widget", into="src", submodules=True, **full)
    stamp = SourceStamp(source="widget", repository=repository.url, branch="main", revision=repository.head())
    return executor.perform(step, StepInputs(stamps={"widget": stamp}, systems={"widget": "git"}))


@pytest.mark.parametrize("stays", [False, True], ids=["comes and goes", "stays"])
@pytest.mark.parametrize(("method", "place"), [(None, "src"), ("clean", "src"), ("copy", ".buildledger/source/widget")])
def test_git_works_in_the_directory_that_was_opened(
    tmp_path: Path, method: str | None, place: str, stays: bool
) -> None:
    """What the link leads to, a clone with work in it, stays as it is; the checkout comes to its revision."""
    repository = Repository(tmp_path / "widget")
    repository.commit("first", **{"a.txt": "one\n"})
    outside = Repository(tmp_path / "outside")
    outside.commit("precious", **{"a.txt": "precious\n"})
    outside.git("remote", "add", "origin", "/nowhere")
    (outside.path / "work").write_text("not committed yet\n")
    before = contents(outside.path)

    executor = Swapping(tmp_path / "build", place, outside.path, stays=stays)
    assert check_out(StepExecutor(executor.directory), repository, method).conclusion.result is Result.SUCCESS
    repository.commit("second", **{"a.txt": "two\n"})
    performance = check_out(executor, repository, method)

    assert contents(outside.path) == before
    assert executor.swaps
    assert performance.conclusion.result is Result.SUCCESS, performance
    assert (executor.directory / "src/a.txt").read_text() == "two\n"
