"""The gRPC service `Blobs`: transfers files between workers and the artifact store, resumable at any byte."""

import errno
import logging
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from functools import partial
from typing import Any, NoReturn, TypeVar

import grpc

from buildledger.events.operation import Upload
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.logs.artifacts import (
    ArtifactAlteredError,
    ArtifactError,
    ArtifactStore,
    IncompleteUploadError,
    OverQuotaError,
    UploadBusyError,
    WrongDigestError,
    WrongOffsetError,
)
from buildledger.logs.artifacts import Upload as StoreUpload
from buildledger.logs.elsewhere import StoredElsewhereError
from buildledger.slave_grpc.blobs.access import BlobAccess, OutOfReachError
from buildledger.slave_grpc.blobs.threads import held, in_thread
from buildledger.slave_grpc.state.open_work import OpenOperation

SHA256_BYTES = 32
FIND_MAX = 1_000
BLOB_MAX_BYTES = 64 * 1024**3
"""Largest size that a blob may claim; the store's own limits are lower."""

_log = logging.getLogger(__name__)
Answer = TypeVar("Answer")

_STATUS: tuple[tuple[type[Exception], grpc.StatusCode], ...] = (
    (WrongOffsetError, grpc.StatusCode.FAILED_PRECONDITION),
    (WrongDigestError, grpc.StatusCode.DATA_LOSS),
    (IncompleteUploadError, grpc.StatusCode.DATA_LOSS),
    (UploadBusyError, grpc.StatusCode.UNAVAILABLE),
    (OverQuotaError, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (OutOfReachError, grpc.StatusCode.PERMISSION_DENIED),
    (ArtifactAlteredError, grpc.StatusCode.DATA_LOSS),
    (ArtifactError, grpc.StatusCode.INVALID_ARGUMENT),
    (FileNotFoundError, grpc.StatusCode.NOT_FOUND),
    (StoredElsewhereError, grpc.StatusCode.UNAVAILABLE),
)


class Blobs(worker_pb2_grpc.BlobsServicer):
    """Serves open runs, by their run tokens or their worker's credential."""

    def __init__(self, artifacts: ArtifactStore, access: BlobAccess) -> None:
        self._artifacts = artifacts
        self._access = access

    async def FindMissing(self, request: pb.FindMissingRequest, context: Any) -> pb.FindMissingResponse:  # noqa: N802 - gRPC's name
        """The blobs that the run has yet to send; one for which there is no room is refused here already."""
        runs = self._access.runs()
        if len(request.blobs) > FIND_MAX:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"more than {FIND_MAX} blobs in one question")
        for blob in request.blobs:
            await self._check_name(blob, context)
        missing = [blob for blob in request.blobs if not await self._is_complete(runs, blob, context)]
        uploads = [run for run in runs if isinstance(run.spec, Upload)]
        for blob in missing if len(uploads) == 1 else ():
            await self._check_limits(uploads[0], blob, context)
        return pb.FindMissingResponse(missing=missing)

    async def Status(self, request: pb.BlobStatusRequest, context: Any) -> pb.BlobStatusResponse:  # noqa: N802 - gRPC's name
        """How many bytes of an upload are stored."""
        runs, blob = self._access.runs(), request.blob
        await self._check_name(blob, context)
        if await self._is_complete(runs, blob, context):
            return pb.BlobStatusResponse(committed=blob.size, complete=True)
        held = [
            await self._do(context, partial(self._artifacts.held_bytes, blob.sha256.hex(), str(run.operation_id)))
            for run in runs
        ]
        return pb.BlobStatusResponse(committed=max(held, default=0))

    async def Write(  # noqa: N802 - gRPC's name
        self, requests: AsyncIterator[pb.BlobWriteRequest], context: Any
    ) -> pb.BlobWriteResponse:
        """Store one blob; what came before a broken connection is kept for the next try."""
        runs = self._access.runs()
        first = await anext(requests, None)
        if first is None:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the first message names the blob")
            raise AssertionError("abort does not return")
        blob = first.blob
        await self._check_name(blob, context)
        run = await self._answering(context, partial(self._access.writer, runs, first.run_id))
        await self._answering(context, partial(self._access.check_limits, run, blob.sha256.hex(), blob.size))
        begin = partial(self._artifacts.upload, blob.sha256.hex(), blob.size, first.offset, str(run.operation_id))
        try:
            async with held(begin, lambda upload: upload.close()) as upload:
                await self._receive(upload, run, first, requests)
        except (WrongDigestError, OSError) as error:
            # The end of a call that is being written to can hide its status from the writer; it asks again.
            self._access.record_failed(run, blob.sha256.hex(), error)
            await _fail(context, error)
        except ArtifactError as error:
            await _fail(context, error)
        return pb.BlobWriteResponse(committed=blob.size)

    async def Read(self, request: pb.BlobReadRequest, context: Any) -> AsyncIterator[pb.BlobReadResponse]:  # noqa: N802 - gRPC's name
        """Send one blob from an offset on."""
        runs, name = self._access.runs(), request.blob.sha256.hex()
        await self._check_name(request.blob, context)
        try:
            await self._access.check_readable(runs, name)
        except OutOfReachError as error:
            await _fail(context, error)
        await self._do(context, partial(self._artifacts.check, name))
        with closing(self._artifacts.read(name, request.offset)) as pieces:
            while piece := await self._do(context, lambda: next(pieces, b"")):
                yield pb.BlobReadResponse(data=piece)

    async def _is_complete(self, runs: Sequence[OpenOperation], blob: pb.Blob, context: Any) -> bool:
        name = blob.sha256.hex()
        return self._access.has_sent(runs, name) and bool(await self._do(context, partial(self._artifacts.has, name)))

    async def _receive(
        self,
        upload: StoreUpload,
        run: OpenOperation,
        first: pb.BlobWriteRequest,
        requests: AsyncIterator[pb.BlobWriteRequest],
    ) -> None:
        """Take a whole file, and note that the run has sent it."""
        if first.data:
            await in_thread(partial(upload.write, first.data))
        async for request in requests:
            await in_thread(partial(upload.write, request.data))
        finished = threading.Event()

        def finish() -> None:
            upload.finish()
            finished.set()

        try:
            await in_thread(finish)
        finally:
            # It is here, whether or not the worker is still there to be told.
            if finished.is_set():
                self._access.record_sent(run, first.blob.sha256.hex(), first.blob.size)

    async def _check_limits(self, run: OpenOperation, blob: pb.Blob, context: Any) -> None:
        name = blob.sha256.hex()
        await self._answering(context, partial(self._access.check_limits, run, name, blob.size))
        await self._do(context, partial(self._artifacts.check_room, name, blob.size))

    async def _check_name(self, blob: pb.Blob, context: Any) -> None:
        if len(blob.sha256) != SHA256_BYTES or blob.size > BLOB_MAX_BYTES:
            text = f"a blob is named by a SHA-256 and a size up to {BLOB_MAX_BYTES}"
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, text)

    async def _answering(self, context: Any, ask: Callable[[], Answer]) -> Answer:
        """Call what may refuse; a refusal aborts the call with its status."""
        try:
            return ask()
        except (ArtifactError, OutOfReachError, OSError) as error:
            await _fail(context, error)

    async def _do(self, context: Any, work: Callable[[], Any]) -> Any:
        """Call something in a thread; an error aborts the call with its status."""
        try:
            return await in_thread(work)
        except (ArtifactError, StoredElsewhereError, OSError) as error:
            await _fail(context, error)


async def _fail(context: Any, error: Exception) -> NoReturn:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), grpc.StatusCode.INTERNAL)
    text = str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        status = grpc.StatusCode.INTERNAL
        _log.error("an artifact can't be stored: %s", error)
        text = f"the server's disk takes no more: {error.strerror}"
    await context.abort(status, text)
    raise AssertionError("abort does not return")
