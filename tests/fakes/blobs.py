"""A server's blob store in memory, which can be told to break off, to lie and to fall silent."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable

import grpc
import grpc.aio

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc


class Blobs(worker_pb2_grpc.BlobsServicer):
    """Keeps blobs in memory; breaks off the first upload half way."""

    def __init__(self) -> None:
        self.stored: dict[bytes, bytes] = {}
        self.offsets: list[int] = []
        self.reads = 0
        """How many downloads have begun."""
        self.tokens: set[str] = set()
        self.lies = False
        self.break_off_at: int | None = None
        self.is_silent = asyncio.Event()
        """Set once a download has begun that never goes on."""
        self.falls_silent = False
        self.goes_on = asyncio.Event()
        """Ends the silence."""
        self.is_away = False
        self.on_question: Callable[[], None] | None = None
        """Called when a worker asks what is missing."""
        self.never_finds = False
        self._partial: dict[bytes, bytes] = {}

    async def FindMissing(  # noqa: N802 - gRPC's name
        self,
        request: pb.FindMissingRequest,
        context: "grpc.aio.ServicerContext[pb.FindMissingRequest, pb.FindMissingResponse]",
    ) -> pb.FindMissingResponse:
        if self.is_away:
            self.is_silent.set()
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        if self.on_question is not None:
            self.on_question()
        if self.never_finds:
            self.is_silent.set()
            await asyncio.Event().wait()
        self.tokens.update(str(value) for name, value in context.invocation_metadata() or () if "run-token" in name)
        return pb.FindMissingResponse(missing=[blob for blob in request.blobs if blob.sha256 not in self.stored])

    async def Status(  # noqa: N802 - gRPC's name
        self,
        request: pb.BlobStatusRequest,
        context: "grpc.aio.ServicerContext[pb.BlobStatusRequest, pb.BlobStatusResponse]",
    ) -> pb.BlobStatusResponse:
        return pb.BlobStatusResponse(committed=len(self._partial.get(request.blob.sha256, b"")))

    async def Write(  # noqa: N802 - gRPC's name
        self,
        request_iterator: AsyncIterator[pb.BlobWriteRequest],
        context: "grpc.aio.ServicerContext[pb.BlobWriteRequest, pb.BlobWriteResponse]",
    ) -> pb.BlobWriteResponse:
        first = await anext(request_iterator)
        key = first.blob.sha256
        self.offsets.append(first.offset)
        content = self._partial.get(key, b"")[: first.offset] + first.data
        async for part in request_iterator:
            content += part.data
            if self.break_off_at is not None and len(content) > self.break_off_at:
                self.break_off_at = None
                self._partial[key] = content
                await context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")
        assert hashlib.sha256(content).digest() == key
        self.stored[key] = content
        return pb.BlobWriteResponse(committed=len(content))

    async def Read(  # noqa: N802 - gRPC's name
        self, request: pb.BlobReadRequest, context: "grpc.aio.ServicerContext[pb.BlobReadRequest, pb.BlobReadResponse]"
    ) -> AsyncIterator[pb.BlobReadResponse]:
        content = self.stored[request.blob.sha256]
        self.reads += 1
        if self.falls_silent:
            self.is_silent.set()
            await self.goes_on.wait()
        for start in range(0, len(content), 100_000):
            yield pb.BlobReadResponse(data=content[start : start + 100_000])
        if self.lies:
            yield pb.BlobReadResponse(data=b"x")
