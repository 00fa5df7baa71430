"""A running service for each test, and a real worker for those that want one."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc.aio
import pytest

from buildledger.worker.main import run_worker
from buildledger.worker.settings import WorkerSettings
from tests.slave_grpc import raw_worker, service
from tests.slave_grpc.key_holder import KeyHolder
from tests.slave_grpc.service import Installation, StartWorker


@pytest.fixture(autouse=True)
async def nothing_stays_open() -> AsyncIterator[None]:
    """Closes what a test that failed has left open, which outlives its event loop and keeps pytest from ending."""
    yield
    for worker in tuple(raw_worker.OPEN):
        await worker.close()
    for left in tuple(service.OPEN):
        await left.stop()


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    installation = Installation(tmp_path)
    await installation.start()
    yield installation
    await installation.stop()


@pytest.fixture
async def start_worker(tmp_path: Path) -> AsyncIterator[StartWorker]:
    """Starts a worker named bob in this process."""
    tasks: list[asyncio.Task[int]] = []

    async def start(port: int, token: str = "token") -> None:
        settings = WorkerSettings(
            server=f"127.0.0.1:{port}",
            name="bob",
            state_dir=tmp_path / "worker",
            work_dir=tmp_path / "work",
            capacity=4,
            enrollment_token=token,
            handle_signals=False,
        )
        tasks.append(asyncio.create_task(run_worker(settings)))

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def worker(installation: Installation, start_worker: StartWorker) -> None:
    """A worker that has enrolled and is connecting."""
    await installation.issue_token("token")
    await start_worker(installation.port)


@pytest.fixture
async def channel(installation: Installation) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        yield channel


@pytest.fixture
async def bob(installation: Installation, channel: grpc.aio.Channel) -> KeyHolder:
    """Enrolled, with a key."""
    await installation.issue_token("token")
    holder = KeyHolder()
    await holder.enroll(channel, "token")
    return holder
