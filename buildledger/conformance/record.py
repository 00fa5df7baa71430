"""What the worker has told about one attempt, and whether it kept the promises that every attempt has to keep.

The record stores events as a server would: each number once, in order, without holes. What it finds wrong is a
*violation*, which fails any case, whatever the case is about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import google_crc32c

from buildledger.conformance.message_builder import enum_name
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

KEPT_OUTPUT_BYTES = 4 << 20
"""Of each channel so much is kept as bytes; the rest is only summed."""
_LAST_KINDS = ("exited", "rejected")


@dataclass(frozen=True, slots=True)
class Stored:
    """One event, without its output bytes."""

    kind: str
    event: pb.RunEvent
    at: float
    """When it came, in seconds on the kit's clock."""
    size_bytes: int = 0
    """Of output, or of a gap."""


@dataclass
class ChannelRecord:
    """One channel of output."""

    end: int = 0
    """Where the next byte belongs, gaps counted."""
    sent_bytes: int = 0
    kept: bytearray = field(default_factory=bytearray)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)


class AttemptRecord:
    """One attempt as the server knows it."""

    def __init__(self, name: str, run_id: str, attempt: int, violation: Callable[[str], None]) -> None:
        self.name = name
        self.run_id = run_id
        self.attempt = attempt
        self.highest_fence = 0
        self.allowed_channels: frozenset[str] = frozenset()
        """What its specification makes possible; empty until a specification was sent."""
        self.stored: list[Stored] = []
        self.channels: dict[str, ChannelRecord] = {}
        self.repeated = 0
        """Events that came although they were stored."""
        self.data_end = 0
        """Bytes of all channels together in the order of events, gaps counted."""
        self.acked_through = 0
        self.data_acked = 0
        self.unacked_output_bytes = 0
        """Output that came and isn't acknowledged, gaps not counted."""
        self.credit_until = 0
        """What Credit messages of this stream allow."""
        self.lose: set[int] = set()
        """Numbers of events that the case wants lost once."""
        self.released = False
        self._lost = False
        self._violation = violation
        self._ends: list[int] = []

    @property
    def last_kind(self) -> str:
        """Kind of the newest event."""
        return self.stored[-1].kind if self.stored else ""

    @property
    def has_ended(self) -> bool:
        """Whether the last event is there."""
        return self.last_kind in _LAST_KINDS

    def channel(self, name: str) -> ChannelRecord:
        """The record of a channel, empty if nothing came."""
        return self.channels.setdefault(name, ChannelRecord())

    def acknowledge(self, through: int) -> None:
        """Note what was acknowledged; never goes back."""
        before = self.acked_through
        self.acked_through = max(self.acked_through, min(through, len(self.stored)))
        self.data_acked = self._ends[self.acked_through - 1] if self.acked_through else 0
        freed = self.stored[before : self.acked_through]
        self.unacked_output_bytes -= sum(each.size_bytes for each in freed if each.kind == "output")

    def start_session(self) -> None:
        """Credits of an earlier stream are gone; what was missing is sent again."""
        self.credit_until = 0
        self._lost = False

    def take(self, event: pb.RunEvent, at: float, window_bytes: int) -> bool:
        """Store an event; False if one before it is missing."""
        number = event.event_no
        expected = len(self.stored) + 1
        if number in self.lose and number == expected:
            self.lose.discard(number)
            self._lost = True
            return False
        if number > expected:
            if not self._lost:
                self._bad(f"event {number} came after {expected - 1}: a hole that the network can't have made")
            return False
        if number < expected:
            self._compare(event, self.stored[number - 1])
            return True
        self._lost = False
        if self.has_ended:
            self._bad(f"event {number} came after the last event ({self.last_kind})")
            return True
        self._store(event, at, window_bytes)
        return True

    def _store(self, event: pb.RunEvent, at: float, window_bytes: int) -> None:
        kind = event.WhichOneof("event") or "an event of unknown kind"
        self._check_place(event, kind)
        size = 0
        match kind:
            case "output":
                size = len(event.output.data)
                self._check_credit(window_bytes)
                self._output(event.output)
            case "gap":
                size = event.gap.to_offset - event.gap.from_offset
                self._gap(event.gap, size)
            case "exited":
                self._check_totals(event.exited)
        self.data_end += size
        self._ends.append(self.data_end)
        if kind == "output":
            self.unacked_output_bytes += size
            event.output.data = b""
        self.stored.append(Stored(kind, event, at, size))

    def _check_place(self, event: pb.RunEvent, kind: str) -> None:
        first = not self.stored
        if event.fence > self.highest_fence:
            self._bad(f"event {event.event_no} has fence {event.fence}, which was never sent")
        if first and kind not in ("accepted", "rejected"):
            self._bad(f"its first event is {kind}, not accepted or rejected")
        if not first and kind in ("accepted", "rejected"):
            self._bad(f"{kind} is its event {event.event_no}, but may only be the first")
        if kind == "started" and any(each.kind == "started" for each in self.stored):
            self._bad("it was started twice")

    def _check_credit(self, window_bytes: int) -> None:
        limit = max(self.credit_until, self.data_acked + window_bytes)
        if self.data_end >= limit:
            self._bad(f"output from byte {self.data_end} on was sent, but credit ends at {limit}")

    def _output(self, output: pb.Output) -> None:
        if self.allowed_channels and output.channel not in self.allowed_channels:
            self._bad(
                f"output is in channel {output.channel!r}, but only {', '.join(sorted(self.allowed_channels))} can be"
            )
        channel = self.channel(output.channel)
        if not output.data:
            self._bad(f"an output of channel {output.channel} is empty")
        if output.offset != channel.end:
            self._bad(f"output of channel {output.channel} is at {output.offset}, but {channel.end} comes next")
        if output.crc32c != google_crc32c.value(output.data):
            self._bad(f"the checksum of channel {output.channel} at {output.offset} is wrong")
        channel.end += len(output.data)
        channel.sent_bytes += len(output.data)
        channel.digest.update(output.data)
        channel.kept += output.data[: KEPT_OUTPUT_BYTES - len(channel.kept)]

    def _gap(self, gap: pb.Gap, size: int) -> None:
        channel = self.channel(gap.channel)
        if gap.from_offset != channel.end or size <= 0:
            self._bad(
                f"a gap of channel {gap.channel} is {gap.from_offset}–{gap.to_offset}, but {channel.end} comes next"
            )
        channel.gaps.append((gap.from_offset, gap.to_offset))
        channel.end = gap.to_offset

    def _check_totals(self, exited: pb.Exited) -> None:
        told = {total.channel: total for total in exited.output_totals}
        for name, channel in self.channels.items():
            total = told.get(name)
            if total is None or total.bytes != channel.end:
                said = "nothing" if total is None else f"{total.bytes} bytes"
                self._bad(f"output_totals tells {said} of channel {name}, but {channel.end} bytes came")
            elif total.sha256 and total.sha256 != channel.digest.digest():
                self._bad(f"output_totals has another digest for channel {name} than what came")
        for name in told.keys() - self.channels.keys():
            if told[name].bytes:
                self._bad(f"output_totals tells of {told[name].bytes} bytes of channel {name}, but none came")

    def _compare(self, event: pb.RunEvent, known: Stored) -> None:
        """What is sent again must be what was sent before, times included; only the fence may be a newer one."""
        self.repeated += 1
        same = event.WhichOneof("event") == known.kind
        if same and known.kind == "output":
            known_output, output = known.event.output, event.output
            same = (output.channel, output.offset, output.crc32c, len(output.data)) == (
                known_output.channel,
                known_output.offset,
                known_output.crc32c,
                known.size_bytes,
            ) and output.crc32c == google_crc32c.value(output.data)
        elif same and known.kind:
            same = getattr(event, known.kind) == getattr(known.event, known.kind)
        if same and (event.wall, event.monotonic) != (known.event.wall, known.event.monotonic):
            self._bad(f"event {event.event_no} has another time when it is sent again")
        if not same:
            self._bad(
                f"event {event.event_no} is {describe(event)} when it is sent again, and was {describe(known.event)}"
            )

    def _bad(self, what: str) -> None:
        self._violation(f"run {self.name}: {what}")


def describe(event: pb.RunEvent) -> str:
    """An event in one short line."""
    match event.WhichOneof("event"):
        case "output":
            return f"output {event.output.channel} at {event.output.offset} (+{len(event.output.data)})"
        case "gap":
            return f"gap {event.gap.channel} {event.gap.from_offset}–{event.gap.to_offset}"
        case "rejected":
            return f"rejected {enum_name(pb.RejectCode.DESCRIPTOR, event.rejected.code)} “{event.rejected.message}”"
        case "stopping":
            level = enum_name(pb.StopLevel.DESCRIPTOR, event.stopping.level)
            return f"stopping {level} because of {enum_name(pb.ExitReason.DESCRIPTOR, event.stopping.reason)}"
        case "started":
            return f"started pid {event.started.pid} in a {event.started.mechanism}"
        case "file_result":
            return _describe_result(event.file_result)
        case "exited":
            return _describe_end(event.exited)
        case kind:
            return kind or "an event of unknown kind"


def _describe_result(result: pb.FileResult) -> str:
    if result.HasField("error"):
        code = enum_name(pb.FileErrorCode.DESCRIPTOR, result.error.code)
        return f"file_result {code} “{result.error.message}”"
    return f"file_result with {len(result.entries)} entries"


def _describe_end(exited: pb.Exited) -> str:
    status = exited.WhichOneof("status")
    parts = [f"exited {status} {getattr(exited, status)}" if status else "exited without status"]
    parts.append(enum_name(pb.ExitReason.DESCRIPTOR, exited.reason))
    if exited.start_failure:
        parts.append(enum_name(pb.StartFailure.DESCRIPTOR, exited.start_failure))
    if exited.survivors_killed:
        parts.append(f"{len(exited.survivors_killed)} survivors killed")
    return " ".join([*parts, f"“{exited.message}”" if exited.message else ""]).strip()
