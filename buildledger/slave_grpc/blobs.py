"""`Blobs`: files between workers and the artifact store, resumable at any byte."""

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any, NoReturn

import grpc

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.logs.artifacts import (
    ArtifactError,
    ArtifactStore,
    IncompleteUploadError,
    Upload,
    UploadBusyError,
    WrongDigestError,
    WrongOffsetError,
)
from buildledger.slave_grpc.callers import Callers, UnknownCallerError

SHA256_BYTES = 32
FIND_MAX = 1_000
BLOB_MAX_BYTES = 64 * 1024**3
"""No file of a build is as large as this; a disk that fills up is answered before."""

_log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[Exception], grpc.StatusCode], ...] = (
    (WrongOffsetError, grpc.StatusCode.FAILED_PRECONDITION),
    (WrongDigestError, grpc.StatusCode.DATA_LOSS),
    (IncompleteUploadError, grpc.StatusCode.CANCELLED),
    (UploadBusyError, grpc.StatusCode.UNAVAILABLE),
    (ArtifactError, grpc.StatusCode.INVALID_ARGUMENT),
    (FileNotFoundError, grpc.StatusCode.NOT_FOUND),
)


class Blobs(worker_pb2_grpc.BlobsServicer):
    """Serves enrolled workers."""

    def __init__(self, artifacts: ArtifactStore, callers: Callers) -> None:
        self._artifacts = artifacts
        self._callers = callers

    async def FindMissing(self, request: pb.FindMissingRequest, context: Any) -> pb.FindMissingResponse:  # noqa: N802
        """Which of the blobs are not held."""
        await self._authenticate(context)
        if len(request.blobs) > FIND_MAX:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"more than {FIND_MAX} blobs in one question")

        def missing() -> list[pb.Blob]:
            return [blob for blob in request.blobs if not self._artifacts.has(blob.sha256.hex())]

        return pb.FindMissingResponse(missing=await self._do(context, missing))

    async def Status(self, request: pb.BlobStatusRequest, context: Any) -> pb.BlobStatusResponse:  # noqa: N802
        """How far an upload has come."""
        await self._authenticate(context)
        name = request.blob.sha256.hex()
        if await self._do(context, lambda: self._artifacts.has(name)):
            return pb.BlobStatusResponse(committed=request.blob.size, complete=True)
        return pb.BlobStatusResponse(committed=await self._do(context, lambda: self._artifacts.held_bytes(name)))

    async def Write(  # noqa: N802
        self, requests: AsyncIterator[pb.BlobWriteRequest], context: Any
    ) -> pb.BlobWriteResponse:
        """Take one blob; what came before a broken connection is kept for the next try."""
        await self._authenticate(context)
        first = await anext(requests, None)
        if first is None or len(first.blob.sha256) != SHA256_BYTES or first.blob.size > BLOB_MAX_BYTES:
            await context.abort(
                grpc.StatusCode.INVALID_ARGUMENT, f"a SHA-256 and a size up to {BLOB_MAX_BYTES} come first"
            )
            raise AssertionError("abort does not return")
        blob = first.blob
        if await self._do(context, lambda: self._artifacts.has(blob.sha256.hex())):
            return pb.BlobWriteResponse(committed=blob.size)
        upload = await self._do(context, lambda: self._artifacts.upload(blob.sha256.hex(), blob.size, first.offset))
        try:
            await self._take(upload, first, requests, context)
            await self._do(context, upload.finish)
        finally:
            await asyncio.shield(asyncio.to_thread(upload.close))
        return pb.BlobWriteResponse(committed=blob.size)

    async def Read(self, request: pb.BlobReadRequest, context: Any) -> AsyncIterator[pb.BlobReadResponse]:  # noqa: N802
        """Send one blob from an offset on."""
        await self._authenticate(context)
        pieces = self._artifacts.read(request.blob.sha256.hex(), request.offset)
        while piece := await self._do(context, lambda: _next(pieces)):
            yield pb.BlobReadResponse(data=piece)

    async def _take(
        self, upload: Upload, first: pb.BlobWriteRequest, requests: AsyncIterator[pb.BlobWriteRequest], context: Any
    ) -> None:
        await self._do(context, lambda: upload.write(first.data))
        async for request in requests:
            await self._do(context, partial(upload.write, request.data))

    async def _authenticate(self, context: Any) -> None:
        try:
            await self._callers.identify(context)
        except UnknownCallerError as error:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, f"only enrolled workers may move files: {error}")

    async def _do(self, context: Any, work: Callable[[], Any]) -> Any:
        """Do something in a thread; what goes wrong ends the call with its status."""
        try:
            return await asyncio.to_thread(work)
        except (ArtifactError, OSError) as error:
            await _fail(context, error)


async def _fail(context: Any, error: Exception) -> NoReturn:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), grpc.StatusCode.INTERNAL)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        status = grpc.StatusCode.RESOURCE_EXHAUSTED
        _log.error("an artifact can't be stored: %s", error)
    await context.abort(status, str(error))
    raise AssertionError("abort does not return")


def _next(pieces: Iterator[bytes]) -> bytes:
    return next(pieces, b"")
