"""`Blobs`: files by digest, resumed after a broken connection; a run reaches its own and no others."""

import hashlib
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from buildledger.domain.build import FinishOperation, StopBuild
from buildledger.domain.worker import RevokeWorker
from buildledger.events.ids import OperationId
from buildledger.events.operation import Download, Ended, Run, Upload
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.logs.artifacts import ArtifactLimits
from buildledger.slave_grpc.blobs.tokens import RunTokens
from tests.fakes.trees import files_in
from tests.slave_grpc.service import INSTALLATION_KEY, Installation, serving

DATA = random.Random(2).randbytes(1_000_000)
BLOB = pb.Blob(sha256=hashlib.sha256(DATA).digest(), size=len(DATA))
QUESTION = pb.FindMissingRequest(blobs=[BLOB])
ENROLLED = (("authorization", "Bearer credential of bob"),)
UPLOAD = Upload(path="a", artifact="a", limit_bytes=1 << 30)
DOWNLOAD = Download(artifact="a", sha256=BLOB.sha256.hex(), size_bytes=len(DATA), path="a")
OTHER = Download(artifact="b", sha256=hashlib.sha256(b"other").hexdigest(), size_bytes=5, path="b")
Stub = Any
"""`BlobsAsyncStub`, a class that exists for type checkers only."""
Metadata = tuple[tuple[str, str], ...]


@pytest.fixture
async def blobs(installation: Installation) -> AsyncIterator[Stub]:
    await installation.enroll("bob")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        yield worker_pb2_grpc.BlobsStub(channel)


def run_token(operation: OperationId, fence: int = 1, key: bytes = INSTALLATION_KEY) -> Metadata:
    """The metadata of a run's token."""
    return (("buildledger-run-token", RunTokens(key).issue(operation, 1, fence)),)


@pytest.fixture
async def uploading(installation: Installation, blobs: Stub) -> OperationId:
    """An open upload."""
    return await installation.operation(await installation.build("bob"), UPLOAD)


@pytest.fixture
def upload(uploading: OperationId) -> Metadata:
    """Its token."""
    return run_token(uploading)


def parts(data: bytes, offset: int = 0, blob: pb.Blob = BLOB, run: str = "") -> list[pb.BlobWriteRequest]:
    """The messages of an upload."""
    first = pb.BlobWriteRequest(blob=blob, offset=offset, run_id=run)
    return [first, *(pb.BlobWriteRequest(data=data[at : at + 200_000]) for at in range(0, len(data), 200_000))]


async def refused(call: Any, says: str = "") -> grpc.StatusCode:
    """The status a call ends with."""
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    assert says in (error.value.details() or "")
    return error.value.code()


async def test_there_and_back(installation: Installation, blobs: Stub, upload: Metadata) -> None:
    """A file goes up, is no longer missing, and comes down from any offset to a run that was told to fetch it."""
    missing = await blobs.FindMissing(QUESTION, metadata=upload)
    assert list(missing.missing) == [BLOB]
    assert (await blobs.Write(parts(DATA), metadata=upload)).committed == len(DATA)
    missing = await blobs.FindMissing(QUESTION, metadata=upload)
    assert list(missing.missing) == []
    download = await installation.operation(await installation.build("bob"), DOWNLOAD)
    for metadata in (run_token(download, 2), ENROLLED):
        for offset in (0, 999_999, 1_000_000):
            call = blobs.Read(pb.BlobReadRequest(blob=BLOB, offset=offset), metadata=metadata)
            assert b"".join([part.data async for part in call]) == DATA[offset:]


async def test_resumed_upload(blobs: Stub, upload: Metadata) -> None:
    """An upload whose connection broke goes on from what `Status` says."""
    call = blobs.Write(metadata=upload)
    for part in parts(DATA)[:3]:
        await call.write(part)
    status = await blobs.Status(pb.BlobStatusRequest(blob=BLOB), metadata=upload)
    while status.committed < 400_000:
        status = await blobs.Status(pb.BlobStatusRequest(blob=BLOB), metadata=upload)
    call.cancel()
    while (code := await refused(blobs.Write(parts(DATA[1:], 1), metadata=upload))) is grpc.StatusCode.UNAVAILABLE:
        pass
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    await blobs.Write(parts(DATA[status.committed :], status.committed), metadata=upload)
    assert (await blobs.Status(pb.BlobStatusRequest(blob=BLOB), metadata=upload)).complete


async def test_wrong_bytes(installation: Installation, blobs: Stub, upload: Metadata) -> None:
    """Bytes that don't have the announced digest are refused as lost, and so are too few of them."""
    for data in (DATA[:-1] + b"?", DATA[:-1]):
        assert await refused(blobs.Write(parts(data), metadata=upload)) is grpc.StatusCode.DATA_LOSS
    assert not installation.artifacts.has(BLOB.sha256.hex())


async def test_name_that_is_no_digest(blobs: Stub, upload: Metadata) -> None:
    """A name of another length than a SHA-256 is refused."""
    odd = pb.Blob(sha256=b"short", size=1)
    for call in (
        blobs.Write(parts(b"x", blob=odd), metadata=upload),
        blobs.FindMissing(pb.FindMissingRequest(blobs=[odd]), metadata=upload),
        blobs.Status(pb.BlobStatusRequest(blob=odd), metadata=upload),
        blobs.Read(pb.BlobReadRequest(blob=odd), metadata=upload).read(),
    ):
        assert await refused(call) is grpc.StatusCode.INVALID_ARGUMENT


async def test_only_enrolled_workers(installation: Installation, blobs: Stub) -> None:
    """Without a credential, with a wrong one or a revoked one nothing is served."""
    for metadata in ((), (("authorization", "Bearer wrong"),)):
        assert await refused(blobs.FindMissing(QUESTION, metadata=metadata)) is grpc.StatusCode.UNAUTHENTICATED
    await installation.execute(RevokeWorker(worker="bob"))
    await installation.restart()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        call = worker_pb2_grpc.BlobsStub(channel).FindMissing(QUESTION, metadata=ENROLLED)
        assert await refused(call) is grpc.StatusCode.UNAUTHENTICATED


async def test_token_outlives_the_server(installation: Installation, upload: Metadata) -> None:
    """A run that the worker holds goes on with its token after a restart; the token stands in no stored byte."""
    await installation.restart()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        blobs: Stub = worker_pb2_grpc.BlobsStub(channel)
        await blobs.Write(parts(DATA), metadata=upload)
    mac = upload[0][1].rpartition(".")[2].encode()
    assert not any(mac in content for _, content in files_in(installation.directory))


async def test_forged_tokens(blobs: Stub, uploading: OperationId) -> None:
    """A token of another key, fence or attempt, a bent one and one of no run are refused, whatever else is shown."""
    operation, ((_, token),) = uploading, run_token(uploading)
    forged = [
        run_token(operation, key=b"another key")[0][1],
        run_token(operation, fence=2)[0][1],
        RunTokens(INSTALLATION_KEY).issue(operation, 2, 1),
        token[:-1] + ("0" if token[-1] != "0" else "1"),
        token.replace(str(operation), "00000000-0000-0000-0000-000000000000"),
        "x" * 1_000,
        "..",
        "",
    ]
    for text in forged:
        metadata = (("buildledger-run-token", text), *ENROLLED)
        assert await refused(blobs.FindMissing(QUESTION, metadata=metadata)) is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("ending", ["operation", "build"])
async def test_token_of_an_ended_run(installation: Installation, blobs: Stub, ending: str) -> None:
    """With its run a token ends, before and after a restart."""
    build = await installation.build("bob")
    operation = await installation.operation(build, UPLOAD)
    assert await blobs.FindMissing(QUESTION, metadata=run_token(operation))
    if ending == "build":
        await installation.execute(StopBuild(build_id=build, reason="enough"))
    ended = FinishOperation(build_id=build, operation_id=operation, fence=1, ended=Ended(reason="cancel"))
    await installation.execute(ended)
    await installation.restart()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        call = worker_pb2_grpc.BlobsStub(channel).FindMissing(QUESTION, metadata=run_token(operation))
        assert await refused(call, "none of an open run") is grpc.StatusCode.UNAUTHENTICATED


async def test_run_reaches_its_own_files_only(installation: Installation, blobs: Stub, upload: Metadata) -> None:
    """Another run's file can't be read, isn't said to be here, and is no start for an upload of the same name."""
    await blobs.Write(parts(DATA), metadata=upload)
    installation.artifacts.put(b"other")
    build = await installation.build("bob")
    stranger = run_token(await installation.operation(build, UPLOAD), 2)
    fetching = run_token(await installation.operation(await installation.build("bob"), OTHER), 3)
    running = run_token(await installation.operation(await installation.build("bob"), Run(argv=("true",))), 4)
    for metadata in (stranger, fetching, running):
        read = blobs.Read(pb.BlobReadRequest(blob=BLOB), metadata=metadata).read()
        assert await refused(read, "told to fetch") is grpc.StatusCode.PERMISSION_DENIED
        assert list((await blobs.FindMissing(QUESTION, metadata=metadata)).missing) == [BLOB]
        status = await blobs.Status(pb.BlobStatusRequest(blob=BLOB), metadata=metadata)
        assert (status.committed, status.complete) == (0, False)
    for metadata in (fetching, running):
        write = blobs.Write(parts(b""), metadata=metadata)
        assert await refused(write, "told to upload") is grpc.StatusCode.PERMISSION_DENIED
    assert (await blobs.Write(parts(DATA), metadata=stranger)).committed == len(DATA), "it has the bytes itself"


async def test_credential_reaches_the_open_runs_of_its_worker(installation: Installation, blobs: Stub) -> None:
    """A worker that uses no tokens names the run that it uploads for; another worker's is refused."""
    await installation.enroll("eve")
    operation = await installation.operation(await installation.build("bob"), UPLOAD)
    eve = (("authorization", "Bearer credential of eve"),)
    write = blobs.Write(parts(b"", run=str(operation)), metadata=eve)
    assert await refused(write) is grpc.StatusCode.PERMISSION_DENIED
    assert (await blobs.Write(parts(DATA, run=str(operation)), metadata=ENROLLED)).committed == len(DATA)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (ArtifactLimits(file_bytes=999_999), "too large: 999999 are allowed"),
        (ArtifactLimits(build_bytes=1_500_000), "one build may take 1500000 bytes, and 999999 are taken"),
        (ArtifactLimits(total_bytes=1_500_000), "all artifacts may take 1500000 bytes, and 999999 are taken"),
    ],
)
async def test_limits(tmp_path: Path, limits: ArtifactLimits, says: str) -> None:
    """What is too much is refused when it is asked for and when it is sent, by the name of the limit."""
    async with serving(tmp_path, limits) as installation:
        operation = await installation.operation(await installation.build("bob"), UPLOAD)
        metadata = run_token(operation)
        smaller = DATA[:999_999]
        first = pb.Blob(sha256=hashlib.sha256(smaller).digest(), size=len(smaller))
        async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
            blobs: Stub = worker_pb2_grpc.BlobsStub(channel)
            await blobs.Write(parts(smaller, blob=first), metadata=metadata)
            for call in (
                blobs.FindMissing(QUESTION, metadata=metadata),
                blobs.Write([pb.BlobWriteRequest(blob=BLOB)], metadata=metadata),
            ):
                assert await refused(call, says) is grpc.StatusCode.RESOURCE_EXHAUSTED
