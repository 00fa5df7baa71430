"""Moves files between build directories and the server's blob store, on a channel of their own."""

import asyncio
import hashlib
import logging
import os
import secrets
import stat
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import grpc
import grpc.aio

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.worker.files.listing import StoppedError, describe, digest, matching
from buildledger.worker.files.operations import file_error, write_all
from buildledger.worker.files.paths import PathEscapesError, inside, inside_followed
from buildledger.worker.runs.attempt import Attempt
from buildledger.worker.runs.plan import Plan
from buildledger.worker.transport.backoff import Backoff
from buildledger.worker.transport.credential import StoredCredential
from buildledger.worker.transport.transport import call_metadata

_CHUNK_BYTES = 240 << 10
_CALL_SECONDS = 30.0
_TEMPORARY = b".buildledger-"
MOST_UPLOADS = 10_000
LONGEST_LINK_BYTES = 4 << 10

# The server is away or the connection broke: what was transferred is kept, and the rest follows.
_PASSING = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}

# What grpcio says when the other side ended a call that was being written to; the true status is lost with it.
_BROKEN_WHILE_WRITING = "Internal error from Core"

_log = logging.getLogger(__name__)


class TransferError(Exception):
    """A blob that can't be moved, and trying again wouldn't help."""

    def __init__(self, code: pb.FileErrorCode.ValueType, path: bytes, message: str) -> None:
        self.error = pb.FileError(code=code, path=path, message=message)
        super().__init__(message)


class BlobStore:
    """The server's Blobs service; the channel is opened when it is first needed."""

    def __init__(self, open_channel: Callable[[], grpc.aio.Channel]) -> None:
        self.credential: StoredCredential | None = None
        self._open = open_channel
        self._channel: grpc.aio.Channel | None = None

    def stub(self) -> "worker_pb2_grpc.BlobsAsyncStub":
        """A stub on the open channel."""
        if self._channel is None:
            self._channel = self._open()
        return worker_pb2_grpc.BlobsStub(self._channel)

    def metadata(self, spec: pb.RunSpec) -> tuple[tuple[str, str], ...]:
        """What proves that the blobs of a run may be reached; good for one call."""
        return (("buildledger-run-token", spec.blob_token),) if spec.blob_token else call_metadata(self.credential)

    async def reconnect(self) -> None:
        """Begin the next call on a fresh connection."""
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()


async def fetch_files(attempt: Attempt, plan: Plan, blobs: BlobStore) -> pb.FileError | None:
    """Fetch the plan's files; returns what went wrong with the first that can't be had.

    Raises:
        StoppedError: the run is to be ended.
    """
    try:
        for wanted in plan.spec.files_in:
            await _fetch(attempt, plan, blobs, wanted)
    except TransferError as error:
        return error.error
    except (OSError, PathEscapesError) as error:
        return file_error(plan.root, error)
    return None


async def upload_files(attempt: Attempt, plan: Plan, blobs: BlobStore, *, succeeded: bool) -> pb.FileResult:
    """Upload what the plan asks for; what was uploaded before an error stands in the result beside it.

    Raises:
        StoppedError: the run is to be ended.
    """
    result = pb.FileResult()
    try:
        for wanted in plan.spec.files_out:
            if not succeeded and not wanted.always:
                continue
            for entry in await asyncio.to_thread(_wanted_entries, plan.root, wanted):
                if len(result.entries) == MOST_UPLOADS:
                    raise TransferError(pb.FILE_ERROR_CODE_TOO_LARGE, wanted.pattern, f"more than {MOST_UPLOADS} files")
                await _persistently(attempt, blobs, partial(_upload, attempt, plan, blobs, entry))
                result.entries.append(entry)
    except TransferError as error:
        result.error.CopyFrom(error.error)
    except (OSError, PathEscapesError) as error:
        result.error.CopyFrom(file_error(plan.root, error))
    return result


def _wanted_entries(root: bytes, wanted: pb.FileOut) -> list[pb.FileEntry]:
    """The regular files that match, with their digests; blocks on the disk."""
    entries = []
    for path in matching(root, wanted.pattern, threading.Event()):
        entry = describe(root, path)
        if entry.type != pb.FILE_TYPE_REGULAR:
            continue
        if wanted.size_limit and entry.size > wanted.size_limit:
            raise TransferError(pb.FILE_ERROR_CODE_TOO_LARGE, entry.path, f"larger than {wanted.size_limit} bytes")
        entry.sha256 = digest(path)
        entries.append(entry)
    if not entries and not wanted.optional:
        raise TransferError(pb.FILE_ERROR_CODE_NOT_FOUND, wanted.pattern, "nothing matches")
    return entries


async def _persistently(attempt: Attempt, blobs: BlobStore, transfer: Callable[[], Awaitable[None]]) -> None:
    """Try until it succeeds, can't succeed, or the run is to be ended; then a transfer under way is broken off."""
    if attempt.stop.is_made:
        raise StoppedError
    trying = asyncio.create_task(_again_and_again(attempt, blobs, transfer))
    stopped = asyncio.create_task(attempt.stop.made())
    try:
        await asyncio.wait((trying, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not trying.done():
            raise StoppedError
        trying.result()
    finally:
        for task in (trying, stopped):
            task.cancel()
        await asyncio.gather(trying, stopped, return_exceptions=True)


async def _again_and_again(attempt: Attempt, blobs: BlobStore, transfer: Callable[[], Awaitable[None]]) -> None:
    """Try until it succeeds or can't succeed."""
    backoff = Backoff()
    while True:
        try:
            return await transfer()
        except grpc.aio.AioRpcError as error:
            if error.code() not in _PASSING and error.details() != _BROKEN_WHILE_WRITING:
                raise TransferError(pb.FILE_ERROR_CODE_BLOB, b"", f"{error.code().name}: {error.details()}") from error
            _log.info("run %s: a transfer is interrupted: %s", attempt.run_id, error.details())
        await blobs.reconnect()
        await asyncio.sleep(backoff.next_delay())


async def _fetch(attempt: Attempt, plan: Plan, blobs: BlobStore, wanted: pb.FileIn) -> None:
    """Make what is wanted: a file, a link or a directory."""
    os.makedirs(plan.root, exist_ok=True)
    match stat.S_IFMT(wanted.mode):
        case 0 | stat.S_IFREG:
            await _fetch_file(attempt, plan, blobs, wanted)
        case stat.S_IFLNK:
            await _fetch_link(attempt, plan, blobs, wanted)
        case stat.S_IFDIR:
            os.makedirs(inside_followed(plan.root, wanted.path), exist_ok=True)
        case kind:
            raise TransferError(pb.FILE_ERROR_CODE_IO, wanted.path, f"no file can be made of type {kind:#o}")


async def _fetch_file(attempt: Attempt, plan: Plan, blobs: BlobStore, wanted: pb.FileIn) -> None:
    """Read a blob beside its destination, verify it, and give it its name."""
    target = inside(plan.root, wanted.path)
    directory = os.path.dirname(target)
    os.makedirs(directory, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=_TEMPORARY, dir=directory)
    try:
        await _receive(attempt, plan, blobs, wanted, descriptor)
        os.fchmod(descriptor, stat.S_IMODE(wanted.mode) or 0o644)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    finally:
        os.close(descriptor)


async def _fetch_link(attempt: Attempt, plan: Plan, blobs: BlobStore, wanted: pb.FileIn) -> None:
    """Read what is to stand in a link, make the link beside its destination, and give it its name."""
    if wanted.blob.size > LONGEST_LINK_BYTES:
        raise TransferError(pb.FILE_ERROR_CODE_TOO_LARGE, wanted.path, f"a link has {LONGEST_LINK_BYTES} bytes at most")
    target = inside(plan.root, wanted.path)
    directory = os.path.dirname(target)
    os.makedirs(directory, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory) as text:
        await _receive(attempt, plan, blobs, wanted, text.fileno())
        points_to = os.pread(text.fileno(), LONGEST_LINK_BYTES, 0)
    temporary = os.path.join(directory, _TEMPORARY + secrets.token_hex(8).encode())
    os.symlink(points_to, temporary)
    try:
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


async def _receive(attempt: Attempt, plan: Plan, blobs: BlobStore, wanted: pb.FileIn, descriptor: int) -> None:
    """Write the whole blob to a file, and verify it."""
    download = _Download(wanted.blob, descriptor)
    await _persistently(attempt, blobs, partial(download.go_on, blobs, plan.spec))
    if not download.is_sound:
        raise TransferError(pb.FILE_ERROR_CODE_DIGEST_MISMATCH, wanted.path, "what arrived isn't what was asked for")


class _Download:
    """A blob on its way into a file; after a break it goes on where it came to."""

    def __init__(self, blob: pb.Blob, descriptor: int) -> None:
        self._blob = blob
        self._descriptor = descriptor
        self._summed = hashlib.sha256()
        self._size = 0

    @property
    def is_sound(self) -> bool:
        """Whether what arrived is the blob."""
        return self._summed.digest() == self._blob.sha256 and self._size == self._blob.size

    async def go_on(self, blobs: BlobStore, spec: pb.RunSpec) -> None:
        """Read what is missing."""
        request = pb.BlobReadRequest(blob=self._blob, offset=self._size)
        async for part in blobs.stub().Read(request, metadata=blobs.metadata(spec)):
            self._summed.update(part.data)
            self._size += len(part.data)
            write_all(self._descriptor, part.data)


async def _upload(attempt: Attempt, plan: Plan, blobs: BlobStore, entry: pb.FileEntry) -> None:
    """Write one file where the server lacks it, from where it left off."""
    stub, spec = blobs.stub(), plan.spec
    blob = pb.Blob(sha256=entry.sha256, size=entry.size)
    request = pb.FindMissingRequest(blobs=[blob])
    if not (await stub.FindMissing(request, metadata=blobs.metadata(spec), timeout=_CALL_SECONDS)).missing:
        return
    question = pb.BlobStatusRequest(blob=blob)
    status = await stub.Status(question, metadata=blobs.metadata(spec), timeout=_CALL_SECONDS)
    if status.complete:
        return
    first = pb.BlobWriteRequest(blob=blob, offset=status.committed, run_id=attempt.run_id, attempt=attempt.attempt)

    async def parts() -> AsyncIterator[pb.BlobWriteRequest]:
        yield first
        with open(os.path.join(plan.root, entry.path), "rb") as file:  # noqa: ASYNC230 - chunks are small
            file.seek(status.committed)
            while data := file.read(_CHUNK_BYTES):
                yield pb.BlobWriteRequest(data=data)

    await stub.Write(parts(), metadata=blobs.metadata(spec))
