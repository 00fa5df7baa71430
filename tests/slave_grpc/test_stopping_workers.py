"""The workers of all three languages say how they end, so that nobody takes a stopped worker for a lost one."""

import signal
from pathlib import Path

import pytest

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
