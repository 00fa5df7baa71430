"""Every call is authenticated before its service sees it, but for the few methods that are open to everybody."""

import asyncio
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from buildledger.events.operation import Upload
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.blobs.tokens import METADATA_KEY
from buildledger.slave_grpc.identity.authentication_interceptor import OPEN_METHODS, AuthenticationInterceptor
from buildledger.slave_grpc.server import make_server
from tests.slave_grpc.raw_worker import RawWorker, own_credential
from tests.slave_grpc.service import PATIENCE_SECONDS, Installation

SERVING, NOT_SERVING = (
    health_pb2.HealthCheckResponse.SERVING,
    health_pb2.HealthCheckResponse.NOT_SERVING,
)
METHODS = {
    f"/{service.full_name}/{method.name}": method
    for service in pb.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
GUARDED = sorted(METHODS.keys() - OPEN_METHODS)

Metadata = list[tuple[str, str]]


async def status_of(channel: grpc.aio.Channel, path: str, metadata: Metadata) -> grpc.StatusCode:
    """How a call with an empty request ends."""
    method = METHODS[path]
    kind = "_".join("stream" if streams else "unary" for streams in (method.client_streaming, method.server_streaming))
    make = getattr(channel, kind)(path, request_serializer=lambda request: request, response_deserializer=bytes)
    request: Any = iter([b""]) if method.client_streaming else b""
    call = make(request, metadata=metadata, timeout=PATIENCE_SECONDS)
    code: grpc.StatusCode = await call.code()
    return code


def test_open_methods() -> None:
    """Only enrollment by a token and the question whether the server serves need no credential."""
    assert set(METHODS) & OPEN_METHODS == {"/buildledger.worker.v1.Enrollment/Enroll"}
    assert {path.split("/")[1] for path in OPEN_METHODS} == {
        "buildledger.worker.v1.Enrollment",
        "grpc.health.v1.Health",
    }


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize("metadata", [[], [("authorization", "Bearer wrong")], [(METADATA_KEY, "a.1.1.wrong")]])
async def test_every_other_method(installation: Installation, path: str, metadata: Metadata) -> None:
    """Without a credential, with a wrong one, and with a wrong run token a call ends as UNAUTHENTICATED."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        assert await status_of(channel, path, metadata) is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("path", [path for path in GUARDED if "Session" not in path])
async def test_with_a_credential(installation: Installation, path: str) -> None:
    """With the credential of an enrolled worker the service answers, whatever it answers."""
    await installation.enroll("bob")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        metadata = [("authorization", f"Bearer {own_credential('bob')}")]
        assert await status_of(channel, path, metadata) is not grpc.StatusCode.UNAUTHENTICATED


async def test_a_run_token_reaches_files_only(installation: Installation) -> None:
    """With the token of a run nobody can hold a session, and nobody gets a credential."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    spec = Upload(path="x", artifact="x", limit_bytes=9)
    operation = await installation.operation(await installation.build("bob"), spec)
    token = (await worker.expect_run(operation)).spec.blob_token
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        found = {path: await status_of(channel, path, [(METADATA_KEY, token)]) for path in GUARDED}
    refused = {path for path, code in found.items() if code is grpc.StatusCode.UNAUTHENTICATED}
    assert refused == {path for path in GUARDED if "Blobs" not in path}
    await worker.close()


async def test_a_service_that_nobody_answers_for() -> None:
    """A service without a way to authenticate its callers answers nobody, even those with credentials."""

    async def answer(request: bytes, context: Any) -> bytes:
        return b"a secret"

    handler = grpc.method_handlers_generic_handler("some.Service", {"Ask": grpc.unary_unary_rpc_method_handler(answer)})
    server = make_server(AuthenticationInterceptor({}))
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        for path, code in (
            ("/some.Service/Ask", grpc.StatusCode.UNAUTHENTICATED),
            ("/some.Service/Other", grpc.StatusCode.UNIMPLEMENTED),
        ):
            ask: Any = channel.unary_unary(path)
            assert await ask(b"", timeout=PATIENCE_SECONDS).code() is code
    await server.stop(None)


async def health_of(channel: grpc.aio.Channel, service: str) -> int:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    request = health_pb2.HealthCheckRequest(service=service)
    return int((await stub.Check(request, timeout=PATIENCE_SECONDS)).status)


async def test_health(installation: Installation) -> None:
    """Anybody may ask; every service is SERVING until the server drains, and who watches is told."""
    services = ["", *(service.full_name for service in pb.DESCRIPTOR.services_by_name.values())]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        assert {await health_of(channel, service) for service in services} == {SERVING}
        stub: Any = health_pb2_grpc.HealthStub(channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(service="buildledger.worker.v1.Worker"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert (await watch.read()).status == SERVING
            await installation.service.drain(0.01)
            assert (await watch.read()).status == NOT_SERVING
        assert {await health_of(channel, service) for service in services} == {NOT_SERVING}
        watch.cancel()


async def test_health_of_what_there_is_not(installation: Installation) -> None:
    """A service that this server doesn't have is told as such."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await health_of(channel, "no.such.Service")
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND
