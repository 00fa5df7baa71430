"""Sessions that are slow to begin: what happens to their worker meanwhile counts for them too."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import grpc
import grpc.aio
import pytest

from buildledger.domain.worker import RevokeWorker
from buildledger.events.ids import BuildId, ServerId, worker_id
from buildledger.events.operation import Run, SecretName
from buildledger.events.worker import WorkerConnected, WorkerDisconnected
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.identity.caller import Caller, set_current_caller
from buildledger.slave_grpc.identity.credentials import digest_of
from buildledger.slave_grpc.sessions.admission import NotAdmittedError, SessionAdmission
from buildledger.slave_grpc.settings import WorkerServiceSettings
from buildledger.slave_grpc.state.follower import OpenWorkFollower
from buildledger.testing.clock import VirtualClock
from tests.slave_grpc.raw_worker import RawWorker, own_credential
from tests.slave_grpc.service import Installation


class SlowLine(grpc.aio.ServerInterceptor):
    """A line that takes no message of the next session before `free` is set."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.next_is_slow = False

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler: Any = await continuation(handler_call_details)
        if not self.next_is_slow or not handler_call_details.method.endswith("/Session"):
            return handler
        self.next_is_slow = False

        async def serve(requests: Any, context: Any) -> None:
            await handler.stream_stream(requests, _Slow(context, self.free))

        return grpc.stream_stream_rpc_method_handler(
            serve,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


class _Slow:
    def __init__(self, context: Any, free: asyncio.Event) -> None:
        self._context, self._free = context, free

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    async def write(self, message: pb.Down) -> None:
        await self._free.wait()
        await self._context.write(message)


@pytest.fixture
async def line(installation: Installation) -> AsyncIterator[SlowLine]:
    """The installation, started again behind it, and bob enrolled."""
    line = SlowLine()
    installation.interceptors.append(line)
    await installation.restart()
    await installation.enroll("bob")
    yield line
    line.free.set()


async def _slow(line: SlowLine, installation: Installation) -> RawWorker:
    """A worker whose session is recorded, and which isn't welcomed yet."""
    line.next_is_slow = True
    worker = RawWorker(installation.port, "bob")
    await worker.hello()
    await installation.wait_for(WorkerConnected)
    return worker


async def test_an_earlier_session_that_is_slow_ends_no_later_one(installation: Installation, line: SlowLine) -> None:
    """Of two sessions of a worker the one that was recorded last goes on, whichever was welcomed last."""
    slow = await _slow(line, installation)
    later = RawWorker(installation.port, "bob", instance_id=slow.instance_id)
    assert (await later.connect()).epoch == 2
    await later.expect("desired")
    line.free.set()
    assert (await slow.expect("error")).error.code == pb.ERROR_CODE_SUPERSEDED
    assert await slow.hear() is None
    await later.say(pb.Up(heartbeat=pb.Heartbeat(n=1)))
    await later.expect("heartbeat_reply")
    assert installation.service.connected == 1
    ended = [fact.epoch for fact in installation.facts(WorkerDisconnected) if isinstance(fact, WorkerDisconnected)]
    assert ended == [1]
    await slow.close()
    await later.close()


async def test_a_worker_that_is_revoked_while_it_is_welcomed_has_to_leave(
    installation: Installation, line: SlowLine
) -> None:
    """A revocation between the record of a session and its beginning ends it."""
    slow = await _slow(line, installation)
    await installation.execute(RevokeWorker(worker="bob", reason="stolen"))
    line.free.set()
    assert (await slow.expect("error")).error.code == pb.ERROR_CODE_UNAUTHENTICATED
    assert (await installation.wait_for(WorkerDisconnected)).reason == "revoked"
    await slow.close()


class _SlowSecrets:
    """A source that has nothing, and takes its time to say so."""

    def __init__(self) -> None:
        self.asked, self.answers = threading.Event(), threading.Event()

    def get(self, name: str, build_id: BuildId) -> str:
        self.asked.set()
        self.answers.wait(20)
        raise LookupError("no such secret")


async def test_what_is_asked_for_while_a_secret_is_looked_up_is_sent(installation: Installation) -> None:
    """An operation that can't be sent, for want of a secret, holds up none that came after it."""
    secrets = installation.secrets = _SlowSecrets()
    await installation.restart()
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    await worker.expect("desired")
    wanting = Run(argv=("x",), env={"TOKEN": SecretName(name="token")})
    refused = await installation.operation(await installation.build("bob"), wanting)
    await asyncio.to_thread(secrets.asked.wait, 20)
    other = await installation.operation(await installation.build("bob"))
    await installation.enroll("alice")
    witness = RawWorker(installation.port, "alice")
    await witness.connect()  # so all sessions have been told of what was asked for before
    secrets.answers.set()
    assert (await worker.expect_run(other)).want == pb.WANT_RUN
    assert (await installation.ended(refused)).reason == "no_secret"
    await worker.close()
    await witness.close()


class _BehindBoth(OpenWorkFollower):
    """A follower that is behind until both sessions are recorded."""

    last = 0

    async def reached(self, position: int) -> None:
        await super().reached(max(self.last, position))


async def test_each_stream_has_a_session_of_its_own(installation: Installation) -> None:
    """Of two streams of a worker that are admitted at once the earlier is superseded; none has the other's number."""
    await installation.enroll("bob")
    follower = _BehindBoth(installation.ledger, lambda changes: None)
    await follower.start()
    follower.last = installation.ledger.head() + 3  # connected, disconnected, connected
    admission = SessionAdmission(
        ledger=installation.ledger,
        follower=follower,
        is_configured=lambda worker: True,
        clock=VirtualClock(datetime.now(UTC)),
        server_id=ServerId(worker_id("this server")),
        serves=lambda server: True,
        settings=WorkerServiceSettings(),
    )
    credential = follower.work.credentials.by_digest(digest_of(own_credential("bob")))
    set_current_caller(Caller(worker="bob", credential=credential))
    hello = pb.Hello(proto_min=1, proto_max=1, name="bob", instance_id="one", os="linux", arch="x86_64")
    both = (admission.admit(hello, "here"), admission.admit(hello, "here"))
    results = await asyncio.gather(*both, return_exceptions=True)
    assert [result for result in results if isinstance(result, int)] == [2]
    assert [type(result) for result in results if not isinstance(result, int)] == [NotAdmittedError]
    await follower.stop()
