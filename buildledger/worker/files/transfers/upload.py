"""Uploads files that a run has made to the server's blob store."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial

import grpc.aio

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.worker.files.contained import opened
from buildledger.worker.files.listing import describe, digest, matching
from buildledger.worker.files.operations import file_error
from buildledger.worker.files.paths import BuildDirectory, PathEscapesError
from buildledger.worker.files.transfers.blob_store import (
    BlobStore,
    TransferError,
    TransferTask,
    with_retries,
)
from buildledger.worker.transport.cancelled import is_cancelled

MOST_UPLOADS = 10_000
NO_FILE = "is a socket, a pipe or a device, which can't be uploaded"
_CHUNK_BYTES = 240 << 10
_CALL_SECONDS = 30.0


async def upload_files(task: TransferTask, blobs: BlobStore, *, succeeded: bool) -> pb.FileResult:
    """Upload what the task asks for; what was uploaded before an error stands in the result beside it.

    Raises:
        StoppedError: the run is to be ended.
    """
    result = pb.FileResult()
    try:
        for wanted in task.spec.files_out:
            if not succeeded and not wanted.always:
                continue
            for entry in await _in_thread(task, partial(_wanted_entries, task.directory, wanted)):
                if len(result.entries) == MOST_UPLOADS:
                    raise TransferError(pb.FILE_ERROR_CODE_TOO_LARGE, wanted.pattern, f"more than {MOST_UPLOADS} files")
                await with_retries(task, blobs, entry.path, partial(_upload, task, blobs, entry))
                result.entries.append(entry)
    except TransferError as error:
        result.error.CopyFrom(error.error)
    except (OSError, PathEscapesError) as error:
        result.error.CopyFrom(file_error(task.directory.path, error))
    return result


async def _in_thread(task: TransferTask, work: Callable[[threading.Event], list[pb.FileEntry]]) -> list[pb.FileEntry]:
    """Call `work` in a thread; its event is set when the run is to be ended."""
    stopped = threading.Event()

    async def pass_on() -> None:
        await task.stop.made()
        stopped.set()

    watching = asyncio.create_task(pass_on())
    try:
        return await asyncio.to_thread(work, stopped)
    finally:
        # Also when this task is cancelled: the thread must not go on alone.
        stopped.set()
        watching.cancel()


def _wanted_entries(directory: BuildDirectory, wanted: pb.FileOut, stopped: threading.Event) -> list[pb.FileEntry]:
    """The regular files that match, with their digests; blocks on the disk."""
    entries = []
    with opened(directory, make=True) as tree:
        for path in matching(tree, wanted.pattern, stopped):
            entry = describe(tree, path)
            if entry.type in (pb.FILE_TYPE_DIRECTORY, pb.FILE_TYPE_SYMLINK):
                continue
            if entry.type != pb.FILE_TYPE_REGULAR:
                raise TransferError(pb.FILE_ERROR_CODE_IO, entry.path, f"{os.fsdecode(entry.path)} {NO_FILE}")
            if wanted.size_limit and entry.size > wanted.size_limit:
                raise TransferError(pb.FILE_ERROR_CODE_TOO_LARGE, entry.path, f"larger than {wanted.size_limit} bytes")
            entry.sha256 = digest(tree, entry.path, stopped)
            entries.append(entry)
    if not entries and not wanted.optional:
        raise TransferError(pb.FILE_ERROR_CODE_NOT_FOUND, wanted.pattern, "nothing matches")
    return entries


async def _upload(
    task: TransferTask, blobs: BlobStore, entry: pb.FileEntry, stub: "worker_pb2_grpc.BlobsAsyncStub"
) -> None:
    """Write one file where the server lacks it, from where it left off."""
    spec = task.spec
    blob = pb.Blob(sha256=entry.sha256, size=entry.size)
    request = pb.FindMissingRequest(blobs=[blob])
    if not (await stub.FindMissing(request, metadata=blobs.metadata(spec), timeout=_CALL_SECONDS)).missing:
        return
    question = pb.BlobStatusRequest(blob=blob)
    status = await stub.Status(question, metadata=blobs.metadata(spec), timeout=_CALL_SECONDS)
    if status.complete:
        return
    first = pb.BlobWriteRequest(blob=blob, offset=status.committed, run_id=task.run_id, attempt=task.attempt)
    unreadable: list[Exception] = []

    async def parts() -> AsyncIterator[pb.BlobWriteRequest]:
        yield first
        try:
            with opened(task.directory) as tree, tree.open_file(entry.path) as file:
                file.seek(status.committed)
                while data := file.read(_CHUNK_BYTES):
                    yield pb.BlobWriteRequest(data=data)
        except (OSError, PathEscapesError) as error:
            unreadable.append(error)
            raise

    try:
        await stub.Write(parts(), metadata=blobs.metadata(spec))
    except (grpc.aio.AioRpcError, asyncio.CancelledError):
        # grpcio cancels a call whose requests can't be made, and doesn't say why.
        if unreadable and not is_cancelled():
            raise unreadable[0] from None
        raise
