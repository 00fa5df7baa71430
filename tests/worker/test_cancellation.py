"""What a run waits for may be cancelled by something else than the end of the worker."""

import asyncio
from pathlib import Path

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
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
