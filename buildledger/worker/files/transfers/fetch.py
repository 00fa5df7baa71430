"""Fetches the files that a run wants from the server's blob store."""

import hashlib
import os
import stat
from functools import partial

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.worker.files.contained import OpenDirectory, opened
from buildledger.worker.files.operations import file_error
from buildledger.worker.files.paths import PathEscapesError
from buildledger.worker.files.replacing import replace_by_link, replacing, scratch_file, write_all
from buildledger.worker.files.transfers.blob_store import BlobStore, TransferError, TransferTask, with_retries

LONGEST_LINK_BYTES = 4 << 10
PERMISSIONS = 0o777
"""Neither set-uid nor set-gid: what comes over the line makes nobody mightier."""


async def fetch_files(task: TransferTask, blobs: BlobStore) -> pb.FileError | None:
    """Fetch the files that the task wants; returns what went wrong with the first that can't be had.

    Raises:
        StoppedError: the run is to be ended.
    """
    try:
        for wanted in task.spec.files_in:
            await _fetch(task, blobs, wanted)
    except TransferError as error:
        return error.error
    except (OSError, PathEscapesError) as error:
        return file_error(task.directory.path, error)
    return None


async def _fetch(task: TransferTask, blobs: BlobStore, wanted: pb.FileIn) -> None:
    """Create one wanted file, link or directory."""
    with opened(task.directory, make=True) as tree:
        match stat.S_IFMT(wanted.mode):
            case 0 | stat.S_IFREG:
                await _fetch_file(task, blobs, tree, wanted)
            case stat.S_IFLNK:
                await _fetch_link(task, blobs, tree, wanted)
            case stat.S_IFDIR:
                with tree.directory(wanted.path, make=True):
                    pass
            case kind:
                raise TransferError(pb.FILE_ERROR_CODE_IO, wanted.path, f"no file can be made of type {kind:#o}")


async def _fetch_file(task: TransferTask, blobs: BlobStore, tree: OpenDirectory, wanted: pb.FileIn) -> None:
    """Download a blob to a temporary file, verify it, and rename it."""
    mode = wanted.mode & PERMISSIONS or 0o644
    with tree.place(wanted.path, make_parents=True) as place, replacing(place, mode) as descriptor:
        await _receive(task, blobs, wanted, descriptor)


async def _fetch_link(task: TransferTask, blobs: BlobStore, tree: OpenDirectory, wanted: pb.FileIn) -> None:
    """Download a link's target, create the link under a temporary name, and rename it."""
    if wanted.blob.size > LONGEST_LINK_BYTES:
        raise TransferError(pb.FILE_ERROR_CODE_TOO_LARGE, wanted.path, f"a link has {LONGEST_LINK_BYTES} bytes at most")
    with tree.place(wanted.path, make_parents=True) as place:
        with scratch_file(place) as text:
            await _receive(task, blobs, wanted, text)
            points_to = os.pread(text, LONGEST_LINK_BYTES, 0)
        replace_by_link(place, points_to)


async def _receive(task: TransferTask, blobs: BlobStore, wanted: pb.FileIn, descriptor: int) -> None:
    """Write the whole blob to a file, and verify it."""
    download = _Download(wanted.blob, descriptor)
    await with_retries(task, blobs, wanted.path, partial(download.resume, blobs, task.spec))
    if not download.is_sound:
        raise TransferError(pb.FILE_ERROR_CODE_DIGEST_MISMATCH, wanted.path, "what arrived isn't what was asked for")


class _Download:
    """A download of one blob into a file; after a broken connection it continues where it stopped."""

    def __init__(self, blob: pb.Blob, descriptor: int) -> None:
        self._blob = blob
        self._descriptor = descriptor
        self._summed = hashlib.sha256()
        self._size = 0

    @property
    def is_sound(self) -> bool:
        """Whether size and digest are the blob's."""
        return self._summed.digest() == self._blob.sha256 and self._size == self._blob.size

    async def resume(self, blobs: BlobStore, spec: pb.RunSpec, stub: "worker_pb2_grpc.BlobsAsyncStub") -> None:
        """Read what is missing."""
        request = pb.BlobReadRequest(blob=self._blob, offset=self._size)
        async for part in stub.Read(request, metadata=blobs.metadata(spec)):
            self._summed.update(part.data)
            self._size += len(part.data)
            write_all(self._descriptor, part.data)
