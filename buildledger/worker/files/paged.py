"""Divides the result of a file operation into pages that each fit into a message."""

from collections.abc import Iterator

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

# Of a message of 256 KiB, what entries may take; each of them may have two paths of 4 KiB.
MOST_ENTRIES_BYTES = 200 << 10
_ENTRY_OVERHEAD_BYTES = 8


def paged(result: pb.FileResult) -> Iterator[pb.FileResult]:
    """The result as one or more pages with its entries in order; everything else is on the last page."""
    part = pb.FileResult()
    size = 0
    for entry in result.entries:
        entry_bytes = entry.ByteSize() + _ENTRY_OVERHEAD_BYTES
        if part.entries and size + entry_bytes > MOST_ENTRIES_BYTES:
            yield part
            part, size = pb.FileResult(), 0
        part.entries.append(entry)
        size += entry_bytes
    rest = pb.FileResult()
    rest.CopyFrom(result)
    del rest.entries[:]
    part.MergeFrom(rest)
    yield part
