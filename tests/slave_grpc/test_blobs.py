"""`Blobs`: files by digest, resumed after a broken connection, for enrolled workers only."""

import hashlib
import random
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest

from buildledger.domain.worker import RevokeWorker
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from tests.slave_grpc.service import Installation

DATA = random.Random(2).randbytes(1_000_000)
BLOB = pb.Blob(sha256=hashlib.sha256(DATA).digest(), size=len(DATA))
ENROLLED = (("authorization", "Bearer credential of bob"),)
Stub = Any
"""`BlobsAsyncStub`, a class that exists for type checkers only."""


@pytest.fixture
async def blobs(installation: Installation) -> AsyncIterator[Stub]:
    await installation.enroll("bob")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        yield worker_pb2_grpc.BlobsStub(channel)


def parts(data: bytes, offset: int = 0, blob: pb.Blob = BLOB) -> list[pb.BlobWriteRequest]:
    """The messages of an upload."""
    first = pb.BlobWriteRequest(blob=blob, offset=offset)
    return [first, *(pb.BlobWriteRequest(data=data[at : at + 200_000]) for at in range(0, len(data), 200_000))]


async def refused(call: Any) -> grpc.StatusCode:
    """The status a call ends with."""
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return error.value.code()


async def test_there_and_back(blobs: Stub) -> None:
    """A file goes up, is no longer missing, and comes down from any offset."""
    missing = await blobs.FindMissing(pb.FindMissingRequest(blobs=[BLOB]), metadata=ENROLLED)
    assert list(missing.missing) == [BLOB]
    assert (await blobs.Write(parts(DATA), metadata=ENROLLED)).committed == len(DATA)
    missing = await blobs.FindMissing(pb.FindMissingRequest(blobs=[BLOB]), metadata=ENROLLED)
    assert list(missing.missing) == []
    for offset in (0, 999_999, 1_000_000):
        call = blobs.Read(pb.BlobReadRequest(blob=BLOB, offset=offset), metadata=ENROLLED)
        assert b"".join([part.data async for part in call]) == DATA[offset:]


async def test_resumed_upload(blobs: Stub) -> None:
    """An upload whose connection broke goes on from what `Status` says."""
    call = blobs.Write(metadata=ENROLLED)
    for part in parts(DATA)[:3]:
        await call.write(part)
    status = await blobs.Status(pb.BlobStatusRequest(blob=BLOB), metadata=ENROLLED)
    while status.committed < 400_000:
        status = await blobs.Status(pb.BlobStatusRequest(blob=BLOB), metadata=ENROLLED)
    call.cancel()
    while (code := await upload_code(blobs, DATA[1:], 1)) is grpc.StatusCode.UNAVAILABLE:
        pass
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    await blobs.Write(parts(DATA[status.committed :], status.committed), metadata=ENROLLED)
    assert (await blobs.Status(pb.BlobStatusRequest(blob=BLOB), metadata=ENROLLED)).complete


async def upload_code(blobs: Stub, data: bytes, offset: int) -> grpc.StatusCode:
    """The status of an upload that isn't taken."""
    return await refused(blobs.Write(parts(data, offset), metadata=ENROLLED))


async def test_wrong_bytes(blobs: Stub) -> None:
    """Bytes that don't have the announced digest are refused as lost."""
    assert await upload_code(blobs, DATA[:-1] + b"?", 0) is grpc.StatusCode.DATA_LOSS
    call = blobs.Read(pb.BlobReadRequest(blob=BLOB), metadata=ENROLLED)
    assert await refused(call.read()) is grpc.StatusCode.NOT_FOUND


async def test_name_that_is_no_digest(blobs: Stub) -> None:
    """A name of another length than a SHA-256 is refused."""
    odd = pb.Blob(sha256=b"short", size=1)
    assert await refused(blobs.Write(parts(b"x", blob=odd), metadata=ENROLLED)) is grpc.StatusCode.INVALID_ARGUMENT
    question = pb.FindMissingRequest(blobs=[odd])
    assert await refused(blobs.FindMissing(question, metadata=ENROLLED)) is grpc.StatusCode.INVALID_ARGUMENT


async def test_only_enrolled_workers(installation: Installation, blobs: Stub) -> None:
    """Without a credential, with a wrong one or a revoked one nothing is served."""
    question = pb.FindMissingRequest(blobs=[BLOB])
    for metadata in ((), (("authorization", "Bearer wrong"),)):
        assert await refused(blobs.FindMissing(question, metadata=metadata)) is grpc.StatusCode.UNAUTHENTICATED
    await installation.execute(RevokeWorker(worker="bob"))
    await installation.restart()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        call = worker_pb2_grpc.BlobsStub(channel).FindMissing(question, metadata=ENROLLED)
        assert await refused(call) is grpc.StatusCode.UNAUTHENTICATED
