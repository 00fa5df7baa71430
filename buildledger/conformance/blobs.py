"""The scripted server's blobs: what it holds is given by the case, what it gets is verified and summed, not kept."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio

from buildledger.conformance.condition import Condition
from buildledger.conformance.content import Content
from buildledger.conformance.enrollment import Call
from buildledger.conformance.transcript import Transcript
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc

PART_BYTES = 240 << 10
_KEPT_BYTES = 1 << 20


@dataclass
class Upload:
    """A blob that comes, or has come."""

    size: int
    committed: int = 0
    complete: bool = False
    kept: bytearray = field(default_factory=bytearray)
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def add(self, data: bytes) -> None:
        """Take bytes that follow on."""
        self.committed += len(data)
        self.digest.update(data)
        self.kept += data[: _KEPT_BYTES - len(self.kept)]


@dataclass
class BlobFaults:
    """What goes wrong; each `break_…` once."""

    corrupt_reads: bool = False
    refuse_writes: grpc.StatusCode | None = None
    break_reads_after_bytes: int | None = None
    break_writes_after_bytes: int | None = None


class ScriptedBlobs(worker_pb2_grpc.BlobsServicer):
    """Files, addressed by their SHA-256."""

    def __init__(
        self, transcript: Transcript, condition: Condition, calls: list[Call], violation: Callable[[str], None]
    ) -> None:
        self.contents: dict[bytes, Content] = {}
        self.uploads: dict[bytes, Upload] = {}
        self.faults = BlobFaults()
        self.run_tokens: set[str] = set()
        """Tokens that were given to runs; empty: anyone may call."""
        self._transcript = transcript
        self._condition = condition
        self._calls = calls
        self._violation = violation

    async def FindMissing(  # noqa: N802 - gRPC's name
        self, request: pb.FindMissingRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.FindMissingResponse:
        """What neither the case nor an upload has brought."""
        self._note("FindMissing", context)
        return pb.FindMissingResponse(missing=[blob for blob in request.blobs if not self._holds(blob.sha256)])

    async def Status(  # noqa: N802 - gRPC's name
        self, request: pb.BlobStatusRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.BlobStatusResponse:
        """How far an upload has come."""
        self._note("Status", context)
        upload = self.uploads.get(request.blob.sha256)
        complete = self._holds(request.blob.sha256)
        committed = request.blob.size if complete else upload.committed if upload is not None else 0
        return pb.BlobStatusResponse(committed=committed, complete=complete)

    async def Write(  # noqa: N802 - gRPC's name
        self, request_iterator: AsyncIterator[pb.BlobWriteRequest], context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.BlobWriteResponse:
        """Take a blob and verify it."""
        first = await anext(aiter(request_iterator))
        self._note("Write", context, first.offset)
        if self.faults.refuse_writes is not None:
            await context.abort(self.faults.refuse_writes, "the case wants it so")
        upload = self.uploads.setdefault(first.blob.sha256, Upload(first.blob.size))
        if first.offset != upload.committed:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"{upload.committed} bytes are here: ask Status")
        upload.add(first.data)
        limit = self.faults.break_writes_after_bytes
        async for part in request_iterator:
            if len(part.data) > PART_BYTES:
                self._violation(f"a part of an upload has {len(part.data)} bytes, more than {PART_BYTES}")
            upload.add(part.data)
            if limit is not None and upload.committed >= limit:
                self.faults.break_writes_after_bytes = None
                self._transcript.add("server", f"breaks the upload after {upload.committed} bytes")
                await context.abort(grpc.StatusCode.UNAVAILABLE, "the case wants it so")
        if upload.committed != upload.size or upload.digest.digest() != first.blob.sha256:
            self._violation("an upload isn't what its digest and size say")
            del self.uploads[first.blob.sha256]
            await context.abort(grpc.StatusCode.DATA_LOSS, "the digest differs")
        upload.complete = True
        self._condition.notify()
        return pb.BlobWriteResponse(committed=upload.committed)

    async def Read(  # noqa: N802 - gRPC's name
        self, request: pb.BlobReadRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[pb.BlobReadResponse]:
        """Give a blob from an offset on."""
        self._note("Read", context, request.offset)
        content = self.contents.get(request.blob.sha256)
        if content is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such blob")
        sent = request.offset
        for part in content.read(request.offset, PART_BYTES):
            if self.faults.corrupt_reads:
                part = bytes([part[0] ^ 1]) + part[1:]
            yield pb.BlobReadResponse(data=part)
            sent += len(part)
            limit = self.faults.break_reads_after_bytes
            if limit is not None and sent >= limit:
                self.faults.break_reads_after_bytes = None
                self._transcript.add("server", f"breaks the download after {sent} bytes")
                await context.abort(grpc.StatusCode.UNAVAILABLE, "the case wants it so")

    def _holds(self, sha256: bytes) -> bool:
        return sha256 in self.contents or (sha256 in self.uploads and self.uploads[sha256].complete)

    def _note(self, method: str, context: grpc.aio.ServicerContext[Any, Any], offset: int = 0) -> None:
        metadata = {key: str(value) for key, value in context.invocation_metadata() or ()}
        bearer = metadata.get("authorization", "").removeprefix("Bearer ")
        if self.run_tokens and not bearer and metadata.get("buildledger-run-token") not in self.run_tokens:
            self._violation(f"{method} was called with neither the run's token nor a credential")
        self._calls.append(Call(method, self._transcript.seconds, bearer, offset))
        self._transcript.add("worker", f"calls {method}" + (f" from byte {offset}" if offset else ""))
        self._condition.notify()
