"""A session from hello to release, and what happens when it breaks."""

import hashlib
from uuid import uuid4

from buildledger.events.build import OperationStarted
from buildledger.events.ids import log_id
from buildledger.events.log import LogFinished, LogOpened
from buildledger.events.operation import Run
from buildledger.events.worker import WorkerConnected, WorkerDisconnected
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from tests.slave_grpc.raw_worker import LIMITS, RawWorker, Script
from tests.slave_grpc.service import Installation


async def raw_bytes(installation: Installation, log: object) -> bytes:
    return b"".join([piece async for piece in installation.logs.raw(log)])  # type: ignore[arg-type]


async def test_one_operation_from_request_to_release(installation: Installation) -> None:
    """A requested operation reaches its worker; what the worker reports becomes a log and facts, and is released."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    welcome = await worker.connect()
    assert (welcome.proto, welcome.epoch) == (1, 1)
    first = (await worker.expect("desired")).desired
    assert (first.full, len(first.runs)) == (True, 0)

    operation = await installation.operation(await installation.build("bob"), Run(argv=("echo", "hi")))
    desired = await worker.expect_run(operation)
    assert list(desired.spec.command.argv.args) == ["echo", "hi"]
    assert desired.spec.builddir == "tests"

    script = Script.of(operation, desired)
    await worker.report(script.accepted(), script.started(), script.output(b"hi\n"), script.exited())
    assert (await worker.expect_ack(operation, 4)).release

    ended = await installation.ended(operation)
    digest = hashlib.sha256(b"hi\n").hexdigest()
    assert ended.ok
    assert [(o.channel, o.size_bytes, o.line_count, o.sha256) for o in ended.outputs] == [("stdio", 3, 1, digest)]
    assert await raw_bytes(installation, log_id(operation, "stdio")) == b"hi\n"
    assert [type(fact) for fact in installation.facts(OperationStarted, LogOpened, LogFinished)] == [
        OperationStarted, LogOpened, LogFinished,
    ]  # fmt: skip
    await worker.say(pb.Up(goodbye=pb.Goodbye()))
    await worker.close()
    assert (await installation.wait_for(WorkerDisconnected)).reason == "goodbye"


async def test_errors_are_captured_where_they_are_a_channel_of_their_own(installation: Installation) -> None:
    """Of a worker that can't join the two streams the errors are read as well, within the limit for both."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect(features=("file_operations", *LIMITS))
    asked = Run(argv=("git", "fetch"), capture_bytes=40)
    operation = await installation.operation(await installation.build("bob"), asked)
    desired = await worker.expect_run(operation)
    assert not desired.spec.command.merge_stderr
    script = Script.of(operation, desired)
    begun = script.accepted(), script.started()
    said = script.output(b"x" * 100, "stdout"), script.output(b"fatal: not a git repository\n", "stderr")
    await worker.report(*begun, *said, script.exited(128))
    ended = await installation.ended(operation)
    assert ended.text == "x" * 20 + "fatal: not a git rep"
    assert ended.text_truncated
    await worker.close()


async def test_heartbeats_are_answered(installation: Installation) -> None:
    """Each heartbeat gets its number back."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    for number in (1, 2):
        await worker.say(pb.Up(heartbeat=pb.Heartbeat(n=number)))
        assert (await worker.expect("heartbeat_reply")).heartbeat_reply.n == number
    await worker.close()


async def test_many_heartbeats_at_once_need_one_answer(installation: Installation) -> None:
    """Heartbeats that arrive faster than they can be answered don't pile up: the latest is answered."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    for number in range(1, 201):
        await worker.say(pb.Up(heartbeat=pb.Heartbeat(n=number)))
    await worker.expect("heartbeat_reply", lambda down: down.heartbeat_reply.n == 200)
    await worker.close()


async def test_goodbye_ends_the_stream_at_once(installation: Installation) -> None:
    """The server ends the stream after a goodbye, although the worker hasn't closed its side."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    await worker.say(pb.Up(goodbye=pb.Goodbye(reason="leaving")))
    while await worker.hear() is not None:
        pass  # what was on its way before the end
    assert (await installation.wait_for(WorkerDisconnected)).reason == "goodbye"
    await worker.close()


async def test_hole_is_answered_with_where_to_resume(installation: Installation) -> None:
    """Events after a missing or damaged one are taken only after the worker, told where to resume, sent them again."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    operation = await installation.operation(await installation.build("bob"))
    script = Script.of(operation, await worker.expect_run(operation))
    events = [script.accepted(), script.started(), script.output(b"a"), script.output(b"b"), script.exited()]
    await worker.report(events[0], events[2])
    ack = await worker.expect_ack(operation, 1)
    assert (ack.through_event, ack.resume_from) == (1, 2)
    damaged = pb.RunEvent()
    damaged.CopyFrom(events[2])
    damaged.output.crc32c ^= 1
    await worker.report(events[1], damaged, *events[3:])
    ack = await worker.expect_ack(operation, 2)
    assert (ack.through_event, ack.resume_from) == (2, 3)
    await worker.report(*events[1:])
    assert (await worker.expect_ack(operation, 5)).release
    assert await raw_bytes(installation, log_id(operation, "stdio")) == b"ab"
    await worker.close()


async def test_reconnecting_worker_resumes_and_doubles_nothing(installation: Installation) -> None:
    """After a broken connection and a restarted server, everything sent again is taken once."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    operation = await installation.operation(await installation.build("bob"))
    script = Script.of(operation, await worker.expect_run(operation))
    events = [script.accepted(), script.started(), script.output(b"one\n"), script.output(b"two\n")]
    await worker.report(*events)
    await worker.expect_ack(operation, 4)
    await worker.close()
    await installation.restart()

    again = RawWorker(installation.port, "bob", instance_id=worker.instance_id)
    assert (await again.connect(script.summary(acked_through=1))).epoch == 2
    desired = (await again.expect("desired")).desired
    assert [(run.want, run.HasField("spec")) for run in desired.runs] == [(pb.WANT_RUN, False)]
    assert (await again.expect_ack(operation, 1)).through_event == 1
    await again.report(*events[1:], script.output(b"three\n"), script.exited())
    assert (await again.expect_ack(operation, 6)).release
    ended = await installation.ended(operation)
    assert ended.outputs[0].sha256 == hashlib.sha256(b"one\ntwo\nthree\n").hexdigest()
    assert len(installation.facts(OperationStarted)) == 1
    await again.close()


async def test_end_sent_again_after_it_was_recorded(installation: Installation) -> None:
    """A worker whose last acknowledgement was lost learns from the first desired state that its run is over."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    operation = await installation.operation(await installation.build("bob"))
    script = Script.of(operation, await worker.expect_run(operation))
    await worker.report(script.accepted(), script.exited())
    await installation.ended(operation)
    await worker.close()
    again = RawWorker(installation.port, "bob", instance_id=worker.instance_id)
    await again.connect(script.summary(acked_through=0, state=pb.RUN_STATE_EXITED))
    desired = (await again.expect("desired")).desired
    assert (desired.full, len(desired.runs)) == (True, 0)
    await again.report(script.event(exited=pb.Exited()))
    assert (await again.expect_ack(operation, 3)).release
    await again.close()


async def test_unknown_run_is_abandoned_before_new_ones_start(installation: Installation) -> None:
    """A run that the ledger gave up is killed first; new runs wait until the worker says that it is gone."""
    await installation.enroll("bob")
    stray = uuid4()
    operation = await installation.operation(await installation.build("bob"))
    worker = RawWorker(installation.port, "bob")
    await worker.connect(pb.RunSummary(run_id=str(stray), attempt=1, fence=9, state=pb.RUN_STATE_RUNNING))
    desired = (await worker.expect("desired")).desired
    assert [(run.run_id, run.want) for run in desired.runs] == [(str(stray), pb.WANT_ABANDON)]
    await worker.say(pb.Up(heartbeat=pb.Heartbeat(n=1)))
    assert (await worker.hear()).WhichOneof("message") == "heartbeat_reply"  # type: ignore[union-attr]
    gone = pb.RunEvent(run_id=str(stray), attempt=1, fence=9, event_no=1, exited=pb.Exited())
    await worker.report(gone)
    assert (await worker.expect_run(operation)).HasField("spec")
    await worker.close()


async def test_started_run_that_the_worker_forgot_is_not_started_again(installation: Installation) -> None:
    """A worker that lost its memory is not asked to repeat what it had begun; the operation ends as interrupted."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    operation = await installation.operation(await installation.build("bob"))
    script = Script.of(operation, await worker.expect_run(operation))
    await worker.report(script.accepted(), script.started())
    await worker.expect_ack(operation, 2)
    await worker.close()
    await installation.wait_for(WorkerDisconnected)
    forgetful = RawWorker(installation.port, "bob")
    await forgetful.connect()
    assert (await installation.ended(operation)).reason == "interrupted"
    await forgetful.close()


async def test_reconnection_supersedes_the_old_stream(installation: Installation) -> None:
    """The same worker process on a second stream takes over; the first stream is told so and ends."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    again = RawWorker(installation.port, "bob", instance_id=worker.instance_id)
    assert (await again.connect()).epoch == 2
    assert (await worker.expect("error")).error.code == pb.ERROR_CODE_SUPERSEDED
    assert await worker.hear() is None
    assert (await again.expect("desired")).desired.full
    reasons = [fact.reason for fact in installation.facts(WorkerDisconnected) if isinstance(fact, WorkerDisconnected)]
    assert reasons == ["superseded"]
    assert len(installation.facts(WorkerConnected)) == 2
    await worker.close()
    await again.close()
