"""The workers of all three languages before they have a credential, and after it has ended."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from buildledger.events.worker import WorkerConnected, WorkerCredentialExpired, WorkerEnrolled
from buildledger.slave_grpc.settings import WorkerServiceSettings
from tests.fakes.ports import free_port
from tests.slave_grpc.service import PATIENCE_SECONDS, Installation, in_the_present
from tests.slave_grpc.worker_programs import PROGRAMS, worker_program

LIFE_SECONDS = 4.0


@pytest.fixture
async def short_lived(tmp_path: Path) -> AsyncIterator[Installation]:
    """A service whose credentials last for seconds."""
    async with in_the_present(
        tmp_path / "server", WorkerServiceSettings(credential_seconds=LIFE_SECONDS)
    ) as installation:
        yield installation


async def until_logged(log: Path, text: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (log.exists() and text in log.read_text()):  # noqa: ASYNC110, ASYNC240 - nobody tells
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("language", PROGRAMS)
async def test_leaves_although_it_was_never_enrolled(tmp_path: Path, language: str) -> None:
    """A worker whose server can't be reached says so, and ends in good order when it is told to."""
    arguments = ("--server", f"127.0.0.1:{free_port()}", "--token", "token")
    async with worker_program(language, tmp_path / "worker", *arguments) as worker:
        await until_logged(tmp_path / "worker" / "log", "enroll")
        worker.terminate()
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await worker.wait() == 0


@pytest.mark.parametrize("language", PROGRAMS)
async def test_a_damaged_token(tmp_path: Path, language: str) -> None:
    """A token that lost its end on the way is called that, and nothing is sent anywhere."""
    arguments = ("--server", f"127.0.0.1:{free_port()}", "--token", "ble_1.MIIBNTCB")
    async with worker_program(language, tmp_path / "worker", *arguments) as worker:
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await worker.wait() == 2
    assert "copy all of it" in (tmp_path / "worker" / "log").read_text()


@pytest.mark.parametrize("language", PROGRAMS)
async def test_enrolls_again_when_it_was_away_for_too_long(
    short_lived: Installation, tmp_path: Path, language: str
) -> None:
    """A worker that comes back with an expired credential and a new token uses that."""
    for number in (1, 2):
        await short_lived.issue_token(f"token {number}")
        arguments = ("--server", f"127.0.0.1:{short_lived.port}", "--token", f"token {number}")
        async with worker_program(language, tmp_path / "worker", *arguments):
            await short_lived.wait_for(WorkerConnected, number)
        await short_lived.wait_for(WorkerCredentialExpired, number)
    assert len(short_lived.facts(WorkerEnrolled)) == 2
