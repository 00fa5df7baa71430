"""Faults around a session: a full disk, operations the ledger gave up, stale fences, encryption."""

import asyncio
import hashlib
import random
from pathlib import Path

import pytest

from buildledger.domain.build import FinishOperation, StopBuild
from buildledger.events.ids import log_id
from buildledger.events.log import LogFinished
from buildledger.events.operation import Ended, Run
from buildledger.events.worker import WorkerConnected
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.settings import Tls
from buildledger.slave_grpc.settings import WorkerServiceSettings
from buildledger.worker.main import run_worker
from buildledger.worker.settings import WorkerSettings
from tests.fakes.certificates import self_signed
from tests.fakes.full_disk import files_no_larger_than
from tests.slave_grpc.raw_worker import RawWorker, Script
from tests.slave_grpc.service import Installation
from tests.worker.conftest import eventually


async def test_full_disk_acknowledges_nothing_until_there_is_space(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """While output can't be stored nothing is acknowledged and the session lives; then everything is, unasked."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    operation = await installation.operation(await installation.build("bob"))
    script = Script.of(operation, await worker.expect_run(operation))
    await worker.report(script.accepted())
    await worker.expect_ack(operation, 1)
    data = random.Random(1).randbytes(64_000)
    with files_no_larger_than(1000):
        await worker.report(script.output(data))
        await eventually(lambda: "cannot write logs" in caplog.text)
        for number in range(1, 4):
            await worker.say(pb.Up(heartbeat=pb.Heartbeat(n=number)))
            down = await worker.hear()
            assert down is not None
            assert down.heartbeat_reply.n == number
    assert (await worker.expect_ack(operation, 2)).through_event == 2
    await worker.report(script.exited())
    ended = await installation.ended(operation)
    assert ended.outputs[0].sha256 == hashlib.sha256(data).hexdigest()
    await worker.close()


async def test_operation_that_the_ledger_gave_up(installation: Installation) -> None:
    """A lost operation is killed on its worker, its log is closed, and its late events are only freed."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    build = await installation.build("bob")
    operation = await installation.operation(build)
    desired = await worker.expect_run(operation)
    script = Script.of(operation, desired)
    await worker.report(script.accepted(), script.output(b"so far\n"))
    await worker.expect_ack(operation, 2)
    lost = Ended(reason="lost")
    await installation.execute(FinishOperation(build_id=build, operation_id=operation, fence=desired.fence, ended=lost))
    await worker.expect_run(operation, pb.WANT_ABANDON)
    finished = await installation.wait_for(LogFinished)
    assert (finished.size_bytes, finished.truncated) == (7, True)

    following = await installation.operation(await installation.build("bob"))
    await worker.report(script.output(b"late"), script.exited())
    assert (await worker.expect_run(following)).HasField("spec")
    assert (await worker.expect_ack(operation, 4)).release
    assert (await installation.logs.size(log_id(operation, "stdio"))).size_bytes == 7
    assert await installation.ended(operation) == lost
    await worker.close()


async def test_stale_fence_is_freed_and_ignored(installation: Installation) -> None:
    """Events under another fence than the build's change nothing, and are acknowledged so that they end."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    operation = await installation.operation(await installation.build("bob"))
    desired = await worker.expect_run(operation)
    stale = Script(operation, desired.fence + 1)
    await worker.report(stale.accepted(), stale.output(b"x"), stale.exited(1))
    assert (await worker.expect_ack(operation, 3)).release
    script = Script.of(operation, desired)
    await worker.report(script.accepted(), script.exited(0))
    assert (await installation.ended(operation)).ok
    await worker.close()


async def test_build_stopped_before_its_worker_is_there(installation: Installation) -> None:
    """An operation that is to be stopped before it was told is told as stopped, never as to be run."""
    await installation.enroll("bob")
    build = await installation.build("bob")
    operation = await installation.operation(build)
    await installation.execute(StopBuild(build_id=build, reason="changed my mind"))
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    desired = await worker.expect_run(operation, pb.WANT_STOP)
    assert not desired.HasField("spec")
    rejected = pb.Rejected(code=pb.REJECT_CODE_STOPPED_BEFORE_START)
    await worker.report(Script.of(operation, desired).event(rejected=rejected))
    assert (await installation.ended(operation)).reason == "cancel"
    await worker.close()


async def test_encrypted(installation: Installation, tmp_path: Path) -> None:
    """With a certificate configured, a worker that trusts its issuer enrolls and works over TLS."""
    certificate = _certificate(tmp_path)
    installation.settings = WorkerServiceSettings(tls=certificate)
    await installation.restart()
    await installation.issue_token("token")
    settings = WorkerSettings(
        server=f"127.0.0.1:{installation.port}",
        name="bob",
        state_dir=tmp_path / "worker",
        work_dir=tmp_path / "work",
        enrollment_token="token",
        ca_file=certificate.certificate,
        handle_signals=False,
    )
    working = asyncio.create_task(run_worker(settings))
    try:
        await installation.wait_for(WorkerConnected)
        operation = await installation.operation(await installation.build("bob"), Run(argv=("true",)))
        assert (await installation.ended(operation)).ok
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_output_that_does_not_join(installation: Installation) -> None:
    """Output beyond what this server holds, as after the loss of its logs, ends the operation as lost."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    operation = await installation.operation(await installation.build("bob"))
    script = Script.of(operation, await worker.expect_run(operation))
    unseen = script.output(b"nobody has this\n")
    torn = script.output(b"more\n")
    torn.event_no = unseen.event_no
    await worker.report(torn)
    ended = await installation.ended(operation)
    assert (ended.reason, "goes on at byte 0" in ended.detail) == ("lost", True)
    await worker.expect_run(operation, pb.WANT_ABANDON)
    await worker.close()


def _certificate(directory: Path) -> Tls:
    """The files of a certificate for 127.0.0.1."""
    key, certificate = self_signed()
    tls = Tls(certificate=directory / "server.pem", key=directory / "server.key")
    tls.certificate.write_bytes(certificate)
    tls.key.write_bytes(key)
    return tls
