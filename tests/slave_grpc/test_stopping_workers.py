"""The workers of all three languages say how they end, so that nobody takes a stopped worker for a lost one."""

import os
import signal
import time
from pathlib import Path

import pytest

from buildledger.events.operation import Run
from buildledger.events.worker import PausedBy, WorkerConnected, WorkerDisconnected, WorkerPaused
from tests.slave_grpc.service import Installation
from tests.slave_grpc.worker_programs import PROGRAMS, worker_program
from tests.worker.conftest import eventually


@pytest.mark.parametrize("language", PROGRAMS)
async def test_a_plain_stop_is_a_goodbye_with_the_signals_name(
    installation: Installation, tmp_path: Path, language: str
) -> None:
    """SIGTERM pauses the worker by itself, for the signal by its name and nothing else, and ends in good order."""
    await installation.issue_token("token")
    arguments = ("--server", f"127.0.0.1:{installation.port}", "--token", "token")
    async with worker_program(language, tmp_path / "worker", *arguments) as worker:
        await installation.wait_for(WorkerConnected)
        await eventually(lambda: "established" in (tmp_path / "worker" / "log").read_text())
        worker.send_signal(signal.SIGTERM)
        assert await worker.wait() == 0
    assert (await installation.wait_for(WorkerDisconnected)).reason == "goodbye"
    assert installation.facts(WorkerPaused) == [WorkerPaused(by=PausedBy.WORKER, reason="SIGTERM")]


@pytest.mark.parametrize("language", PROGRAMS)
async def test_build_directories_that_nothing_uses_go(
    installation: Installation, tmp_path: Path, language: str
) -> None:
    """At the start of a worker those that it used last longer ago than it is told to keep them; others stay."""
    await installation.issue_token("token")
    server = ("--server", f"127.0.0.1:{installation.port}", "--token", "token", "--keep-days", "7")
    work, notes = tmp_path / "worker" / "work", tmp_path / "worker" / "state" / "used"
    async with worker_program(language, tmp_path / "worker", *server):
        for builder in ("old", "new"):
            build = await installation.build("bob", builder)
            operation = await installation.operation(build, Run(script="mkdir -p x && echo y > x/y"))
            assert (await installation.ended(operation)).ok
    assert sorted(path.name for path in notes.iterdir()) == ["new", "old"]
    long_ago = time.time() - 8 * 86_400
    os.utime(notes / "old", (long_ago, long_ago))
    (work / "of-somebody-else").mkdir()
    async with worker_program(language, tmp_path / "worker", *server[:2], *server[4:]):
        await eventually(lambda: names_in(work) == ["new", "of-somebody-else"])


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())
