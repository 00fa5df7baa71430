"""Nothing that a call has taken stays taken when the call is cancelled, wherever it waits at that moment."""

import asyncio
import contextlib
import hashlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor

from buildledger.events.operation import Download, Upload
from buildledger.events.worker import EnrollmentUsed, WorkerConnected, WorkerDisconnected, WorkerEnrolled
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.slave_grpc.blobs.tokens import RunTokens
from buildledger.testing.cancellation import Interruption, interruptions
from tests.slave_grpc.raw_worker import RawWorker, own_credential
from tests.slave_grpc.service import INSTALLATION_KEY, Installation

DATA = b"some bytes of a file" * 100
BLOB = pb.Blob(sha256=hashlib.sha256(DATA).digest(), size=len(DATA))
UPLOAD = Upload(path="a", artifact="a", limit_bytes=1 << 30)
DOWNLOAD = Download(artifact="a", sha256=BLOB.sha256.hex(), size_bytes=len(DATA), path="a")
DESCRIPTORS = Path("/proc/self/fd")
RPCS = [rpc for service in pb.DESCRIPTOR.services_by_name.values() for rpc in service.methods]
UNARY = [rpc for rpc in RPCS if not rpc.client_streaming and not rpc.server_streaming]
REQUESTS: dict[str, Callable[[str], Any]] = {
    "Enroll": lambda token: pb.EnrollRequest(token=token, name="bob"),
    "FindMissing": lambda _: pb.FindMissingRequest(blobs=[BLOB]),
    "Status": lambda _: pb.BlobStatusRequest(blob=BLOB),
}
"""What calls say that would be refused without a word; a token is good for one of them."""


class Interrupter(grpc.aio.ServerInterceptor):
    """Cancels the handler of the next call of a method, as gRPC does when the caller goes."""

    def __init__(self) -> None:
        self.interruption: Interruption | None = None
        self.method = ""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(handler_call_details)
        interruption = self.interruption
        if interruption is None or not handler_call_details.method.endswith(f"/{self.method}"):
            return handler
        self.interruption = None
        kind, original = _kind(handler)

        async def answer(request: Any, context: Any) -> Any:
            return await interruption.of(original(request, context))

        async def answers(request: Any, context: Any) -> AsyncIterator[Any]:
            responses = original(request, context)

            async def one() -> Any:
                return await anext(responses, None)

            try:
                while (response := await interruption.of(one())) is not None:
                    yield response
            finally:
                await responses.aclose()

        return kind(
            answers if handler.unary_stream is not None else answer,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


def _kind(handler: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    if handler.unary_unary is not None:
        return grpc.unary_unary_rpc_method_handler, handler.unary_unary
    if handler.unary_stream is not None:
        return grpc.unary_stream_rpc_method_handler, handler.unary_stream
    if handler.stream_unary is not None:
        return grpc.stream_unary_rpc_method_handler, handler.stream_unary
    return grpc.stream_stream_rpc_method_handler, handler.stream_stream


@pytest.fixture
async def interrupter(installation: Installation) -> Interrupter:
    """The installation, started again with something that interrupts calls, and bob enrolled."""
    interrupter = Interrupter()
    installation.interceptors.append(interrupter)
    await installation.restart()
    await installation.enroll("bob")
    return interrupter


@pytest.fixture
async def blobs(installation: Installation, interrupter: Interrupter) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        yield worker_pb2_grpc.BlobsStub(channel)


async def test_an_upload_leaves_its_place_and_its_file(
    installation: Installation, interrupter: Interrupter, blobs: Any
) -> None:
    """After an upload that was cancelled anywhere the same file can be uploaded, and no file stays open."""
    count = 0
    async for interruption in interruptions():
        count += 1
        run = await installation.operation(await installation.build("bob"), UPLOAD)
        metadata = _token(run, count)
        first = pb.BlobWriteRequest(blob=BLOB, data=DATA[:200])
        requests = [first, pb.BlobWriteRequest(data=DATA[200:300]), pb.BlobWriteRequest(data=DATA[300:])]
        interrupter.interruption, interrupter.method = interruption, "Write"
        await _ends(blobs.Write(requests, metadata=metadata), interruption)
        answer = await _within_a_moment(partial(blobs.Write, requests, metadata=metadata))
        assert answer.committed == len(DATA), interruption
    assert count > 10
    await _eventually(lambda: not _open_artifacts(installation))


async def test_a_download_leaves_its_file(installation: Installation, interrupter: Interrupter, blobs: Any) -> None:
    """After a download that was cancelled anywhere no file stays open."""
    run = await installation.operation(await installation.build("bob"), UPLOAD)
    await blobs.Write([pb.BlobWriteRequest(blob=BLOB, data=DATA)], metadata=_token(run, 1))
    run = await installation.operation(await installation.build("bob"), DOWNLOAD)
    async for interruption in interruptions():
        interrupter.interruption, interrupter.method = interruption, "Read"
        call = blobs.Read(pb.BlobReadRequest(blob=BLOB), metadata=_token(run, 2))
        await _ends(asyncio.ensure_future(call.read()), interruption)
        call.cancel()
    await _eventually(lambda: not _open_artifacts(installation))


@pytest.mark.parametrize("rpc", UNARY, ids=lambda rpc: rpc.name)
async def test_a_question_leaves_nothing(
    rpc: MethodDescriptor, installation: Installation, interrupter: Interrupter
) -> None:
    """After a call that was cancelled anywhere the next one is answered as the first was, and nothing goes on.

    Each RPC with one question and one answer is here by itself, since the protocol's definition names it.
    """
    run = await installation.operation(await installation.build("bob"), UPLOAD)
    own = (("authorization", f"Bearer {own_credential('bob')}"),)
    proof = {"Enroll": None, "Rotate": own}.get(rpc.name, _token(run, 1))
    answers = message_factory.GetMessageClass(rpc.output_type)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        call: Any = channel.unary_unary(
            f"/{rpc.containing_service.full_name}/{rpc.name}",
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=answers.FromString,
        )

        async def ask() -> Any:
            token = f"token {next(tokens)}"
            await installation.issue_token(token, "bob")
            empty: Any = message_factory.GetMessageClass(rpc.input_type)
            request = REQUESTS[rpc.name](token) if rpc.name in REQUESTS else empty()
            return call(request, metadata=proof)

        tokens = itertools.count()
        assert isinstance(await (await ask()), answers)
        before = len(asyncio.all_tasks())
        happened = 0
        async for interruption in interruptions():
            interrupter.interruption, interrupter.method = interruption, rpc.name
            await _ends(await ask(), interruption)
            happened += interruption.has_happened
            assert isinstance(await (await ask()), answers), interruption
        assert happened, "nothing was cancelled"
        await _eventually(lambda: len(asyncio.all_tasks()) <= before)
    assert not _open_artifacts(installation)
    enrolled, used = installation.facts(WorkerEnrolled), installation.facts(EnrollmentUsed)
    assert len(enrolled) == 1 + len(used), "a token was spent without a credential"


def test_every_call_is_cancelled() -> None:
    """What isn't one question with one answer has a test of its own here."""
    assert {rpc.name for rpc in RPCS} == {rpc.name for rpc in UNARY} | {"Read", "Session", "Write"}


async def test_a_session_that_never_began_has_ended(installation: Installation, interrupter: Interrupter) -> None:
    """A worker whose stream is cut anywhere on the way to its session doesn't stay connected, nor keeps a place."""
    async for interruption in interruptions():
        interrupter.interruption, interrupter.method = interruption, "Session"
        worker = RawWorker(installation.port, "bob")
        await _ends(asyncio.ensure_future(_comes_and_goes(worker)), interruption)
        await worker.close()
        await _eventually(lambda: not _is_connected(installation))
    async with asyncio.timeout(20):
        await installation.service.drain(60)


async def _comes_and_goes(worker: RawWorker) -> None:
    with contextlib.suppress(grpc.aio.AioRpcError, AssertionError):
        await worker.connect()
        await worker.say(pb.Up(goodbye=pb.Goodbye(reason="done")))
        while await worker.hear() is not None:
            pass


def _is_connected(installation: Installation) -> bool:
    state = False
    for recorded in installation.ledger.read(0, 100_000):
        if isinstance(recorded.fact, WorkerConnected):
            state = True
        elif isinstance(recorded.fact, WorkerDisconnected):
            state = False
    return state


def _token(run: Any, fence: int) -> tuple[tuple[str, str], ...]:
    return (("buildledger-run-token", RunTokens(INSTALLATION_KEY).issue(run, 1, fence)),)


def _open_artifacts(installation: Installation) -> list[str]:
    """The files of the artifact store that this process has open."""
    opened = []
    for descriptor in DESCRIPTORS.iterdir():
        with contextlib.suppress(OSError):
            opened.append(str(descriptor.readlink()))
    return [path for path in opened if path.startswith(str(installation.directory / "artifacts"))]


async def _ends(call: Any, interruption: Interruption) -> None:
    """Wait for the end of a call, whichever it is; gRPC cancels no handler whose caller is still there."""
    while not call.done():
        if interruption.has_happened:
            call.cancel()
        await asyncio.sleep(0.002)


async def _within_a_moment(call: Callable[[], Awaitable[Any]]) -> Any:
    """Repeat a call until what the one before has taken is free: the end of its thread is waited for elsewhere."""
    for _ in range(100):
        try:
            return await call()
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
        await asyncio.sleep(0.02)
    raise AssertionError("it stays taken")


async def _eventually(condition: Callable[[], bool]) -> None:
    for _ in range(250):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it didn't become true")
