"""The receiving side of one run: checks the order of its events, and says what to acknowledge."""

from collections.abc import Sequence
from typing import Final

import google_crc32c

from buildledger.events.ids import LogId, log_id
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.logs.store import LogBytes
from buildledger.slave_grpc.state.open_work import OpenOperation
from buildledger.slave_grpc.wire.run_specs import ATTEMPT

CHANNELS = frozenset({"stdio", "stdout", "stderr"})
FILE_RESULTS_MAX = 200
"""Most `FileResult` events of one operation; all of them are held in memory until its end."""


class ProtocolViolationError(Exception):
    """The worker broke the protocol; the text says how."""


class Received:
    """What one batch of messages brought for one run; stored and recorded before it is acknowledged."""

    __slots__ = ("end", "entries", "run", "started")

    def __init__(self, run: "Run") -> None:
        self.run: Final = run
        self.entries: Final[list[LogBytes]] = []
        self.started: pb.Started | None = None
        self.end: pb.Exited | pb.Rejected | None = None


class Run:
    """The state of one run within a session; everything durable of it is in the log store and the ledger."""

    __slots__ = (
        "channels",
        "durable_through",
        "ended",
        "expected",
        "files",
        "last_seen",
        "log_ids",
        "opened",
        "operation",
        "resume",
        "run_id",
        "volatile_from",
    )

    def __init__(self, operation: OpenOperation, durable_through: int = 0) -> None:
        self.operation: Final = operation
        self.run_id: Final = str(operation.operation_id)
        self.durable_through = durable_through
        """The number of the last event that is durable."""
        self.expected = durable_through + 1
        self.resume = False
        """An event is missing or damaged: the worker has to send again from `expected` on."""
        self.log_ids: Final[dict[str, LogId]] = {}
        self.channels: set[str] = set()
        """The channels that had output in this session."""
        self.opened: set[str] = set()
        """The channels whose log is recorded as opened."""
        self.files: list[pb.FileResult] = []
        self.volatile_from: int | None = None
        """The first event that is in memory only, so that it is acknowledged with the run's end and not before."""
        self.last_seen = False
        """Whether the run's last event was received."""
        self.ended = False
        """Whether the run's last event is durable."""

    def log_id(self, channel: str) -> LogId:
        """The id of a channel's log."""
        known = self.log_ids.get(channel)
        if known is None:
            known = self.log_ids[channel] = log_id(self.operation.operation_id, channel)
        return known

    def take(self, event: pb.RunEvent, received: Received) -> None:
        """Add an event to a batch; a repeated one is ignored, and so is one after a hole.

        Raises:
            ProtocolViolationError: The event is one that this run may not have.
        """
        if event.event_no != self.expected:
            self.resume |= event.event_no > self.expected
            return
        match event.WhichOneof("event"):
            case "output":
                if not self._output(event.output, received.entries):
                    self.resume = True
                    return
            case "started":
                received.started = event.started
            case "file_result":
                self._file_result(event)
            case "exited":
                received.end, self.last_seen = event.exited, True
            case "rejected":
                received.end, self.last_seen = event.rejected, True
            case "gap":
                raise ProtocolViolationError(f"run {self.run_id} reports a gap, but no run was allowed to drop output")
            case _:
                pass
        self.expected += 1

    def stored(self) -> None:
        """Note that everything taken so far is durable."""
        self.durable_through = self.expected - 1 if self.volatile_from is None or self.ended else self.volatile_from - 1

    def acknowledgement(self) -> pb.Ack:
        """The acknowledgement to send; asks at most once for what is missing."""
        ack = pb.Ack(run_id=self.run_id, attempt=ATTEMPT, through_event=self.durable_through, release=self.ended)
        if self.resume and not self.ended:
            ack.resume_from = self.expected
        self.resume = False
        return ack

    def _output(self, output: pb.Output, entries: list[LogBytes]) -> bool:
        """Add output to a batch; False if its checksum is wrong."""
        data = output.data  # each look at the field makes a copy
        if google_crc32c.value(data) != output.crc32c:
            return False
        if output.channel not in CHANNELS:
            raise ProtocolViolationError(
                f"run {self.run_id} writes to channel {output.channel!r}, which nobody asked for"
            )
        entries.append(LogBytes(log_id=self.log_id(output.channel), offset=output.offset, data=data))
        self.channels.add(output.channel)
        return True

    def _file_result(self, event: pb.RunEvent) -> None:
        if len(self.files) == FILE_RESULTS_MAX:
            raise ProtocolViolationError(f"run {self.run_id} has more than {FILE_RESULTS_MAX} file results")
        self.files.append(event.file_result)
        if self.volatile_from is None:
            self.volatile_from = event.event_no


def is_last(event: pb.RunEvent) -> bool:
    """Whether no event of the run follows this one."""
    return event.WhichOneof("event") in ("exited", "rejected")


def channels_of(end: pb.Exited | pb.Rejected, run: Run) -> Sequence[str]:
    """The channels of a run that had output, in this session or before."""
    totals = {total.channel for total in end.output_totals if total.bytes} if isinstance(end, pb.Exited) else set()
    return sorted(totals & CHANNELS | run.channels)
