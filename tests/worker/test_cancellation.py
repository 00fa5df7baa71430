"""What a run waits for may be cancelled by something else than the end of the worker."""

import asyncio
from pathlib import Path

import grpc
import grpc.aio
import pytest

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.worker.runs.attempt import Attempt
from buildledger.worker.runs.local_executor import LocalExecutor
from buildledger.worker.runs.plan import Plan
from buildledger.worker.settings import WorkerSettings
from buildledger.worker.worker import Worker
from tests.fakes.scripted_server import ScriptedServer
from tests.worker.conftest import script


class _LosesItsCall(LocalExecutor):
    """Waits for something that is cancelled, as a call of gRPC is whose channel is closed."""

    async def run_command(self, attempt: Attempt, plan: Plan) -> pb.Exited:
        raise asyncio.CancelledError


async def test_a_cancelled_call_ends_its_run_and_not_the_worker(server: ScriptedServer, tmp_path: Path) -> None:
    """A run whose call was cancelled by others ends as failed inside the worker, which can be shut down then."""
    for name in ("state", "work"):
        (tmp_path / name).mkdir()
    settings = WorkerSettings(
        server=server.address, name="w", state_dir=tmp_path / "state", work_dir=tmp_path / "work", handle_signals=False
    )
    worker = Worker(settings, _LosesItsCall(settings))
    running = asyncio.create_task(worker.run())
    await server.connected()
    exited = await server.ended(server.run(script("true")))
    assert exited.WhichOneof("status") is None
    assert "cancelled" in exited.message
    worker.shut_down("terminated")
    async with asyncio.timeout(20):
        await running


class _Call:
    """A stream as grpcio has it whose line fails while it is cancelled: it tells of the line only."""

    waits = asyncio.Event()
    line_has_failed = False

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.Session = lambda metadata: self

    async def write(self, up: pb.Up) -> None:
        self.waits.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if self.line_has_failed:
                raise
            type(self).line_has_failed = True
            nothing = grpc.aio.Metadata()
            raise grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, nothing, nothing, "Stream removed") from None

    def cancel(self) -> None:
        """See `grpc.aio.Call`."""


async def test_a_worker_ends_though_its_line_fails_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that was cancelled isn't followed by another one, whatever gRPC says of its end."""
    _Call.waits, _Call.line_has_failed = asyncio.Event(), False
    monkeypatch.setattr(worker_pb2_grpc, "WorkerStub", _Call)
    for name in ("state", "work"):
        (tmp_path / name).mkdir()
    settings = WorkerSettings(
        server="127.0.0.1:1", name="w", state_dir=tmp_path / "state", work_dir=tmp_path / "work", handle_signals=False
    )
    worker = Worker(settings, LocalExecutor(settings))
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(20):
        await _Call.waits.wait()
        await _Call.waits.wait()
    worker.shut_down("terminated")
    assert (await asyncio.wait({running}, timeout=10))[0], "it connects again"
