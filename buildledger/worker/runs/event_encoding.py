"""Converts journal records to the protocol's events."""

from collections.abc import Sequence

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.journal.records import Kind, Record

_NANOSECONDS = 1_000_000_000


def fill_event(event: pb.RunEvent, record: Record, body: bytes, channels: Sequence[str]) -> None:
    """Put a journalled event with its number and clocks into `event`, whose attempt is already named.

    It is filled in place: a message that is handed to the constructor of another is copied, which takes twenty times as
    long.
    """
    match record.kind:
        case Kind.OUTPUT | Kind.SPOOLED:
            output = event.output
            output.channel = channels[record.channel]
            output.offset = record.offset
            output.data = body
            output.crc32c = record.body_crc32c
        case Kind.GAP:
            gap = event.gap
            gap.channel = channels[record.channel]
            gap.from_offset = record.offset
            gap.to_offset = int.from_bytes(body, "little")
            gap.reason = "spool full"
        case _:
            event.MergeFromString(body)
    event.event_no = record.event_no
    event.wall.seconds, event.wall.nanos = divmod(record.wall_nanoseconds, _NANOSECONDS)
    event.monotonic.seconds, event.monotonic.nanos = divmod(record.monotonic_nanoseconds, _NANOSECONDS)
