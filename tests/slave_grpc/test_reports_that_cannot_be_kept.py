"""What a worker says that no read model could hold: refused at its hello, escaped or ended by name afterwards."""

from __future__ import annotations

import hashlib
from typing import Any

import grpc.aio
import pytest

from buildledger.events.build import OperationFinished
from buildledger.events.operation import Run, Upload
from buildledger.events.worker import WorkerConnected, WorkerPaused
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.slave_grpc.sessions.admission import CAPACITY_MAX, WORD_CHARACTERS
from tests.slave_grpc.raw_worker import RawWorker, Script
from tests.slave_grpc.service import Installation

FILE = b"a file"
DIGEST = hashlib.sha256(FILE).digest()
UPLOAD = Upload(path="a", artifact="a", limit_bytes=1 << 30)


@pytest.fixture
async def bob(installation: Installation) -> Any:
    """A worker that is connected."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    yield worker
    await worker.close()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("os", "li\0nux", "os has to be printable"),
        ("arch", "x" * (WORD_CHARACTERS + 1), "arch has to be"),
        ("software", "raw\n1", "software has to be"),
        ("boot_id", "\x1b[0m", "boot_id has to be"),
        ("instance_id", "i" * 201, "instance_id has to be"),
        ("labels", {"a\0": "b"}, "a label's name has to be"),
        ("labels", {"a": "b" * 1_001}, "a label has to be"),
        ("features", ["f\0"], "a feature has to be"),
        ("capacity", CAPACITY_MAX + 1, "capacity is at most"),
    ],
)
async def test_hello_that_cannot_be_kept_is_refused(
    installation: Installation, bob: RawWorker, field: str, value: Any, says: str
) -> None:
    """By name and for good, and nothing of it is recorded."""
    hello = pb.Hello(proto_min=1, proto_max=1, name="bob", instance_id="i", boot_id="b", capacity=1)
    if isinstance(value, dict):
        hello.labels.update(value)
    elif isinstance(value, list):
        hello.features.extend(value)
    else:
        setattr(hello, field, value)
    await bob.say(pb.Up(hello=hello))
    answer = (await bob.expect("error")).error
    assert (answer.code, answer.fatal) == (pb.ERROR_CODE_PROTOCOL_VIOLATION, True)
    assert says in answer.message
    assert installation.facts(WorkerConnected) == []


async def test_label_of_several_lines_is_kept(installation: Installation, bob: RawWorker) -> None:
    """People describe their machines so."""
    await bob.connect(labels={"host": "in the cellar,\nbehind\tthe door"})
    assert (await installation.wait_for(WorkerConnected)).labels == {"host": "in the cellar,\nbehind\tthe door"}


async def test_message_with_a_nul_is_kept_escaped(installation: Installation, bob: RawWorker) -> None:
    """The operation ends as it ended, and what the program wrote can be a property."""
    build = await installation.build("bob")
    operation = await installation.operation(build, Run(argv=("x",), capture_bytes=100, merge_stderr=False))
    await bob.connect()
    script = Script.of(operation, await bob.expect_run(operation))
    started = script.event(started=pb.Started(pid=1, mechanism="\0" * 500))
    end = script.output(b"1\0\xff2", "stdout")
    exited = script.exited()
    exited.exited.message = "a\0b" + "x" * 10_000
    await bob.report(started, end, exited)
    ended = await installation.ended(operation)
    assert (ended.reason, ended.exit_code, ended.text) == ("exited", 0, "1\\x00\ufffd2")
    assert ended.detail.startswith("a\\x00bxxx")
    assert len(ended.detail) == 4_096


@pytest.mark.parametrize("channel", ["a\0b", "other", "x" * 10_000])
async def test_output_on_a_channel_that_nobody_asked_for_is_no_success(
    installation: Installation, bob: RawWorker, channel: str
) -> None:
    """The worker doesn't know what it did, so the build is tried elsewhere."""
    operation = await installation.operation(await installation.build("bob"))
    await bob.connect()
    script = Script.of(operation, await bob.expect_run(operation))
    exited = script.exited()
    exited.exited.output_totals.append(pb.OutputTotal(channel=channel, bytes=2**63))
    await bob.report(script.started(), exited)
    ended = await installation.ended(operation)
    assert (ended.reason, ended.exit_code) == ("lost", None)
    assert "which nobody asked for" in ended.detail


async def test_reason_to_drain_is_kept_escaped(installation: Installation, bob: RawWorker) -> None:
    """A worker is paused all the same."""
    await bob.connect()
    await bob.say(pb.Up(drain_request=pb.DrainRequest(reason="\0" + "y" * 10_000)))
    paused = await installation.wait_for(WorkerPaused)
    assert paused.reason.startswith("\\x00yyy")
    assert len(paused.reason) == 4_096


def uploaded(size: int, digest: bytes = DIGEST) -> pb.FileResult:
    """What a worker says of an upload of one file."""
    return pb.FileResult(entries=[pb.FileEntry(path=b"a", type=pb.FILE_TYPE_REGULAR, size=size, sha256=digest)])


@pytest.mark.parametrize("size", [0, len(FILE) + 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("sends", [True, False])
async def test_upload_that_a_worker_only_claims_is_refused(
    installation: Installation, bob: RawWorker, size: int, sends: bool
) -> None:
    """A digest that it never sent, or sent with another size, names no artifact: it could be another build's file."""
    installation.artifacts.put(FILE)
    operation = await installation.operation(await installation.build("bob"), UPLOAD)
    await bob.connect()
    desired = await bob.expect_run(operation)
    if sends:
        await send(installation, desired)
    script = Script.of(operation, desired)
    await bob.report(script.event(file_result=uploaded(size if sends else len(FILE))), script.exited())
    ended = await installation.ended(operation)
    assert (ended.reason, ended.text) == ("lost", "")
    assert "and it hasn't" in ended.detail


async def test_upload_that_was_sent_counts_after_a_restart(installation: Installation, bob: RawWorker) -> None:
    """The server remembers what a run has sent, so that the worker need not send it twice."""
    operation = await installation.operation(await installation.build("bob"), UPLOAD)
    await bob.connect()
    desired = await bob.expect_run(operation)
    await send(installation, desired)
    await bob.close()
    await installation.restart()
    again = RawWorker(installation.port, "bob", instance_id=bob.instance_id)
    script = Script.of(operation, desired)
    await again.connect(script.summary(0))
    entry = uploaded(len(FILE))
    entry.entries[0].mode = 0o6755
    await again.report(script.event(file_result=entry), script.exited())
    ended = await installation.ended(operation)
    await again.close()
    assert ended.ok, ended
    assert f'"mode":{0o755}' in ended.text


async def test_what_still_cannot_be_kept_ends_its_operation(installation: Installation, bob: RawWorker) -> None:
    """No report leaves its build waiting for ever: the end says what couldn't be kept."""
    operation = await installation.operation(await installation.build("bob"), Run(argv=("x",)))
    await bob.connect()
    script = Script.of(operation, await bob.expect_run(operation))
    exited = script.exited()
    exited.exited.ran_for.seconds = 2**62
    await bob.report(script.started(), exited)
    await installation.ended(operation)
    assert len(installation.facts(OperationFinished)) == 1


async def send(installation: Installation, desired: pb.DesiredRun) -> None:
    """Send the file as the run it belongs to."""
    token = (("buildledger-run-token", desired.spec.blob_token),)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        blob = pb.Blob(sha256=DIGEST, size=len(FILE))
        stub: Any = worker_pb2_grpc.BlobsStub(channel)
        await stub.Write([pb.BlobWriteRequest(blob=blob, data=FILE)], metadata=token)
