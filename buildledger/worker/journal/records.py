"""The format of journal records on disk.

A record is a fixed head, then a body. The head's checksum covers the head, which holds the body's checksum; for output
that is the checksum that also goes over the wire, so that each byte is summed once.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import BinaryIO

import google_crc32c

# Checksum of the rest of the head, length and checksum of the body, kind, channel, event number, offset, wall and
# monotonic clock in nanoseconds.
_HEAD = struct.Struct("<IIIBBxxQQQQ")
_SUMMED = struct.Struct("<IIBBxxQQQQ")
HEAD_BYTES = _HEAD.size
_EXTENT = struct.Struct("<QII")

# A body is an event of at most one message; anything longer is damage.
_LONGEST_BODY_BYTES = 1 << 20


class Kind(IntEnum):
    """The kind of a record, as stored."""

    HEADER = 1
    """First of each segment: a RunHeader as JSON."""
    EVENT = 2
    """An event that isn't output, as a RunEvent."""
    OUTPUT = 3
    """Bytes of a channel."""
    STARTING = 4
    """A process is about to be started."""
    PROCESS = 5
    """It was started: a ProcessIdentity as JSON."""
    GAP = 6
    """Bytes of a channel left out, from the record's offset to the one in its body (8 bytes, little-endian)."""
    SUPERVISED = 7
    """A supervisor is about to be started: a SupervisionHeader as JSON."""
    SPOOLED = 8
    """Bytes of a channel that lie in the supervisor's spool: an Extent."""
    RELAYED = 9
    """An event that isn't output and that the supervisor wrote down, as a RunEvent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeader:
    """What an attempt is, and how far it had come when its segment began."""

    run_id: str
    attempt: int
    fence: int
    cookie: str
    builddir: str
    boot_id: str
    channels: tuple[str, ...] = ()
    next_event: int = 1
    offsets: tuple[int, ...] = ()
    relayed: int = 0
    """Records of that kind before the segment."""

    def encode(self) -> bytes:
        """As the body of a record."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @staticmethod
    def decode(body: bytes) -> "RunHeader":
        """From the body of a record."""
        fields = json.loads(body)
        fields["channels"] = tuple(fields["channels"])
        fields["offsets"] = tuple(fields["offsets"])
        return RunHeader(**fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessIdentity:
    """Identifies a process even after its id is reused: start in clock ticks since boot, and cgroup if it has one."""

    pid: int
    started_ticks: int
    cgroup: str | None = None

    def encode(self) -> bytes:
        """As the body of a record."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @staticmethod
    def decode(body: bytes) -> "ProcessIdentity":
        """From the body of a record."""
        return ProcessIdentity(**json.loads(body))


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionHeader:
    """What a later worker process needs to know of a supervised attempt."""

    segment_bytes: int
    """Size of the files in which the supervisor keeps output."""
    orphan_seconds: float = 0.0
    """How long it may go on without anybody to report to; 0: for ever."""
    afterwards: bytes = b""
    """A RunSpec with what is to be done after the command; it holds no secret."""

    def encode(self) -> bytes:
        """As the body of a record."""
        fields = asdict(self) | {"afterwards": self.afterwards.hex()}
        return json.dumps(fields, separators=(",", ":")).encode()

    @staticmethod
    def decode(body: bytes) -> "SupervisionHeader":
        """From the body of a record."""
        fields = json.loads(body)
        return SupervisionHeader(**(fields | {"afterwards": bytes.fromhex(fields["afterwards"])}))


@dataclass(frozen=True, slots=True)
class Extent:
    """Where output lies in its channel's spool, and its checksum as it goes over the wire."""

    position: int
    length: int
    crc32c: int

    def encode(self) -> bytes:
        """As the body of a record."""
        return _EXTENT.pack(self.position, self.length, self.crc32c)

    @staticmethod
    def decode(body: bytes) -> "Extent":
        """From the body of a record."""
        return Extent(*_EXTENT.unpack(body))


@dataclass(slots=True, kw_only=True)
class Record:
    """One record; `body` is empty when only its head is held in memory."""

    kind: Kind
    channel: int = 0
    event_no: int = 0
    offset: int = 0
    wall_nanoseconds: int = 0
    monotonic_nanoseconds: int = 0
    body: bytes = field(default=b"", repr=False)
    body_crc32c: int = 0


def checksum(data: bytes) -> int:
    """CRC-32C of `data`."""
    return int(google_crc32c.value(data))


def record_of(kind: Kind, body: bytes = b"") -> Record:
    """A record that isn't an event."""
    return Record(kind=kind, body=body, body_crc32c=checksum(body))


def encode_head(record: Record) -> bytes:
    """The head that stands before `record.body`."""
    summed = _SUMMED.pack(
        len(record.body),
        record.body_crc32c,
        record.kind,
        record.channel,
        record.event_no,
        record.offset,
        record.wall_nanoseconds,
        record.monotonic_nanoseconds,
    )
    return checksum(summed).to_bytes(4, "little") + summed


def read_records(file: BinaryIO) -> Iterator[tuple[int, Record]]:
    """Each whole record with the position of its head, up to the end or the first damage."""
    position = file.tell()
    while len(head := file.read(HEAD_BYTES)) == HEAD_BYTES:
        head_crc, length, body_crc, kind, channel, event_no, offset, wall, monotonic = _HEAD.unpack(head)
        if checksum(head[4:]) != head_crc or length > _LONGEST_BODY_BYTES:
            return
        body = file.read(length)
        if len(body) != length or checksum(body) != body_crc:
            return
        yield (
            position,
            Record(
                kind=Kind(kind),
                channel=channel,
                event_no=event_no,
                offset=offset,
                wall_nanoseconds=wall,
                monotonic_nanoseconds=monotonic,
                body=body,
                body_crc32c=body_crc,
            ),
        )
        position += HEAD_BYTES + length
