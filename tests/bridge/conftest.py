"""A worker service, a bridge in this process, and a real old worker that can be cut off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from buildledger.bridge.bridge import Bridge
from buildledger.bridge.settings import BridgeSettings
from tests.bridge.old_worker import OldWorker
from tests.fakes.cutting_proxy import CuttingProxy
from tests.slave_grpc.service import Installation

PASSWORD = "sesame"


@dataclass
class Bridged:
    """The whole chain; the worker's name is `old`."""

    installation: Installation
    settings: BridgeSettings
    proxy: CuttingProxy
    worker: OldWorker
    bridge: Bridge | None = None


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    installation = Installation(tmp_path / "server")
    await installation.start()
    yield installation
    await installation.stop()


@pytest.fixture
def settings(installation: Installation, tmp_path: Path) -> BridgeSettings:
    """A bridge that knows the worker `old`, which may have secrets."""
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    workers = tmp_path / "workers.yaml"
    workers.write_text("workers: {old: {password_file: password, enrollment_token: token, secrets: true}}\n")
    return BridgeSettings(
        server=f"127.0.0.1:{installation.port}",
        listen_host="127.0.0.1",
        listen_port=0,
        state_dir=tmp_path / "bridge",
        workers_file=workers,
    )


@asynccontextmanager
async def bridge_of(settings: BridgeSettings) -> AsyncIterator[Bridge]:
    """A bridge that listens."""
    settings.state_dir.mkdir(exist_ok=True)
    bridge = Bridge(settings)
    async with bridge.listening():
        yield bridge


@pytest.fixture
async def bridged(installation: Installation, settings: BridgeSettings, tmp_path: Path) -> AsyncIterator[Bridged]:
    """Everything is started; the worker is about to attach."""
    await installation.issue_token("token")
    async with AsyncExitStack() as stack:
        bridge = await stack.enter_async_context(bridge_of(settings))
        proxy = CuttingProxy(bridge.port)
        await proxy.start()
        stack.push_async_callback(proxy.stop)
        worker = OldWorker(tmp_path / "old", port=proxy.port, name="old", password=PASSWORD)
        worker.start()
        stack.push_async_callback(asyncio.to_thread, worker.stop)
        yield Bridged(installation, settings, proxy, worker, bridge)
