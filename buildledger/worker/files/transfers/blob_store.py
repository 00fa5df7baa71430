"""Access to the server's blob store, with calls that are repeated until they succeed or can't."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import grpc
import grpc.aio

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.worker.files.paths import BuildDirectory
from buildledger.worker.files.trees import StoppedError
from buildledger.worker.transport.backoff import Backoff
from buildledger.worker.transport.cancelled import is_cancelled, raise_if_cancelled
from buildledger.worker.transport.credential import StoredCredential
from buildledger.worker.transport.transport import call_metadata

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


class Stop(Protocol):
    """A request to end the run that a transfer belongs to."""

    @property
    def is_made(self) -> bool:
        """Whether the run is to be ended."""

    async def made(self) -> None:
        """Wait until it is made."""


@dataclass(frozen=True, kw_only=True)
class TransferTask:
    """Which files of which run are to be moved, and where they lie."""

    run_id: str
    attempt: int
    spec: pb.RunSpec
    """Its `files_in`, `files_out` and `blob_token` count."""
    directory: BuildDirectory
    """That all paths of the specification lie in."""
    stop: Stop


@dataclass(kw_only=True)
class Connection:
    """A channel to the server's Blobs service, which transfers of many runs may use at the same time."""

    channel: grpc.aio.Channel
    stub: "worker_pb2_grpc.BlobsAsyncStub"
    users: int = 0
    is_broken: bool = False
    """Nobody else is to use it; it is closed when its last user has left it."""


class BlobStore:
    """The server's Blobs service; the channel is opened when it is first needed.

    A transfer that fails has the next one open another channel, but closes none that others are using: their calls
    would be cancelled in the midst of what they do.
    """

    def __init__(self, open_channel: Callable[[], grpc.aio.Channel]) -> None:
        self.credential: StoredCredential | None = None
        self._open = open_channel
        self._current: Connection | None = None

    def metadata(self, spec: pb.RunSpec) -> tuple[tuple[str, str], ...]:
        """Metadata that authorizes one call for the blobs of a run."""
        return (("buildledger-run-token", spec.blob_token),) if spec.blob_token else call_metadata(self.credential)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """The open channel, which stays open at least as long as the context."""
        if self._current is None:
            channel = self._open()
            self._current = Connection(channel=channel, stub=worker_pb2_grpc.BlobsStub(channel))
        connection = self._current
        connection.users += 1
        try:
            yield connection
        finally:
            connection.users -= 1
            await self._close_if_unused(connection)

    def give_up(self, connection: Connection) -> None:
        """Have whoever comes next open another channel."""
        connection.is_broken = True
        if self._current is connection:
            self._current = None

    async def close(self) -> None:
        """Close the channel as soon as nobody uses it."""
        if (connection := self._current) is not None:
            self.give_up(connection)
            await self._close_if_unused(connection)

    @staticmethod
    async def _close_if_unused(connection: Connection) -> None:
        if connection.is_broken and not connection.users:
            await connection.channel.close()


Transfer = Callable[["worker_pb2_grpc.BlobsAsyncStub"], Awaitable[None]]
"""One try to move one file; what was moved before need not be moved again."""


async def with_retries(task: TransferTask, blobs: BlobStore, path: bytes, transfer: Transfer) -> None:
    """Move the file at `path`: try until it succeeds or can't, or the run is to be ended, which breaks it off."""
    if task.stop.is_made:
        raise StoppedError
    trying = asyncio.create_task(_retry(task, blobs, path, transfer))
    stopped = asyncio.create_task(task.stop.made())
    try:
        await asyncio.wait((trying, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not trying.done():
            raise StoppedError
        trying.result()
    finally:
        for waiting in (trying, stopped):
            waiting.cancel()
        await asyncio.gather(trying, stopped, return_exceptions=True)


async def _retry(task: TransferTask, blobs: BlobStore, path: bytes, transfer: Transfer) -> None:
    """Try until it succeeds or can't succeed."""
    backoff = Backoff()
    while True:
        async with blobs.connection() as connection:
            try:
                return await transfer(connection.stub)
            except grpc.aio.AioRpcError as error:
                raise_if_cancelled()
                if error.code() not in _PASSING and error.details() != _BROKEN_WHILE_WRITING:
                    is_quota = error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
                    code = pb.FILE_ERROR_CODE_OVER_QUOTA if is_quota else pb.FILE_ERROR_CODE_BLOB
                    raise TransferError(code, path, f"{error.code().name}: {error.details()}") from error
                reason = error.details()
            except asyncio.CancelledError:
                if is_cancelled():
                    raise
                reason = "the call was cancelled"
            _log.info("run %s: a transfer is interrupted: %s", task.run_id, reason)
            blobs.give_up(connection)
        await asyncio.sleep(backoff.next_delay())
