"""One attempt as the worker holds it, from the first word about it until the server lets go of it."""

import asyncio
import logging
import time
from dataclasses import replace
from enum import IntEnum

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.agent.journal import Entry, Journal
from buildledger.slave_grpc.agent.records import (
    Extent,
    Kind,
    Record,
    RunHeader,
    SupervisionHeader,
    checksum,
    record_of,
)
from buildledger.slave_grpc.agent.stopping import StopRequest
from buildledger.slave_grpc.agent.supervision.directory import SupervisedDirectory
from buildledger.slave_grpc.agent.supervision.spool import SpoolFiles
from buildledger.slave_grpc.agent.wire import fill_event
from buildledger.slave_grpc.agent.workshop import Workshop

_INSTANT_SECONDS = 0.001

_log = logging.getLogger(__name__)


class State(IntEnum):
    """Where an attempt stands; the numbers are the protocol's."""

    NEW = pb.RUN_STATE_NEW
    ACCEPTED = pb.RUN_STATE_ACCEPTED
    STARTING = pb.RUN_STATE_STARTING
    RUNNING = pb.RUN_STATE_RUNNING
    STOPPING = pb.RUN_STATE_STOPPING
    EXITED = pb.RUN_STATE_EXITED
    ALL_ACKED = pb.RUN_STATE_ALL_ACKED
    RELEASED = pb.RUN_STATE_RELEASED


class Attempt:
    """Identity, journal and state of one attempt; what is to be sent and how far the server has come."""

    def __init__(self, workshop: Workshop, header: RunHeader, journal: Journal | None = None) -> None:
        self.workshop = workshop
        self.run_id = header.run_id
        self.attempt = header.attempt
        self.builddir = header.builddir
        self.cookie = header.cookie
        self.fence = header.fence
        self.state = State.NEW
        self.journal = journal or Journal(workshop.journal_dir, header, workshop.syncer.remove)
        self.supervision: SupervisionHeader | None = None
        """Set if its command has a supervisor, which goes on when the worker doesn't."""
        self.began_at: float | None = None
        """When its work began, on the loop's clock."""
        self.stop = StopRequest()
        self.gone = asyncio.Event()
        """No process or thread of it is at work (any more)."""
        self.silent = False
        """The server doesn't know it: nothing is sent, and it is forgotten as soon as it is gone."""
        self.awaits_ack = False
        """Its journal may have lost its tail in a crash of the machine: the server speaks first."""
        self.next_to_send = self.journal.first_unacked
        self.sent_through = self.journal.next_event - 1
        """Highest event that may ever have been sent; after a restart that is every one in the journal."""
        self.window_bytes = 0
        """Output that may be sent beyond what is acknowledged."""
        self.credit_until = 0
        """Up to here output may be sent in any case."""
        self.sent_data_end = 0

    @property
    def key(self) -> tuple[str, int]:
        """What names it."""
        return self.run_id, self.attempt

    @property
    def directory(self) -> SupervisedDirectory:
        """Where it and its supervisor speak."""
        return SupervisedDirectory(self.workshop.settings.state_dir, self.run_id, self.attempt)

    def seconds_left(self, limit_seconds: float) -> float:
        """What is left of a limit on its work, at least an instant; 0 if there is none."""
        if not limit_seconds or self.began_at is None:
            return limit_seconds
        return max(limit_seconds - (asyncio.get_running_loop().time() - self.began_at), _INSTANT_SECONDS)

    @property
    def has_ended(self) -> bool:
        """Whether its last event is journalled."""
        return self.state >= State.EXITED

    # -- what happens -------------------------------------------------------------------------------------------------

    def begin(self, channels: tuple[str, ...]) -> None:
        """Journal that it is accepted and about to start.

        Raises:
            OSError: the disk is full or broken; there is no journal.
        """
        header = replace(self.journal.header, channels=channels, fence=self.fence)
        self.journal = Journal(self.workshop.journal_dir, header, self.workshop.syncer.remove)
        self.journal.begin(self._event_record(pb.RunEvent(accepted=pb.Accepted())), Record(kind=Kind.STARTING))
        self.workshop.spool.change(self.journal.spooled_bytes)
        self.state = State.STARTING

    def withdraw(self) -> None:
        """Undo `begin`, of which nothing was sent yet."""
        self.workshop.spool.change(-self.journal.spooled_bytes)
        self.journal.remove()
        self.journal = Journal(self.workshop.journal_dir, self.journal.header, self.workshop.syncer.remove)
        self.next_to_send = self.journal.first_unacked
        self.state = State.NEW

    def reject(self, code: pb.RejectCode.ValueType, message: str) -> None:
        """End it before it began."""
        record = self._event_record(pb.RunEvent(rejected=pb.Rejected(code=code, message=message)))
        try:
            self.journal.begin(record)
        except OSError as error:
            _log.error("run %s: the refusal can't be journalled: %s", self.run_id, error)
            self.journal.note(record)
        self.workshop.spool.change(self.journal.spooled_bytes)
        self._ended()

    def supervise(self, supervision: SupervisionHeader, *, is_recorded: bool = False) -> None:
        """Journal that a supervisor is about to be started; its spool holds the output from here on.

        Raises:
            OSError: the disk is full or broken.
        """
        if not is_recorded:
            self._append(record_of(Kind.SUPERVISED, supervision.encode()))
        self.supervision = supervision
        spool = SpoolFiles(self.directory.spool, supervision.segment_bytes, self.workshop.syncer.remove)
        self.journal.spool = spool

    def record_event(self, event: pb.RunEvent, *before: Record) -> None:
        """Journal an event (and, in the same write, records that stand before it), then send it.

        Raises:
            OSError: the disk is full or broken; nothing is sent.
        """
        self._append(*before, self._event_record(event))

    def record_output(self, channel: int, data: bytes) -> None:
        """Journal output, then send it.

        Raises:
            OSError: the disk is full or broken; nothing is sent.
        """
        self._append(self._record(Kind.OUTPUT, data, channel, self.journal.offsets[channel]))

    def relay(self, event: pb.RunEvent, *before: Record) -> None:
        """Journal an event that the supervisor wrote down (and records before it), then send it.

        Raises:
            OSError: the disk is full or broken; nothing is sent.
        """
        self._append(*before, self._record(Kind.RELAYED, event.SerializeToString()))

    def record_spooled(self, channel: int, position: int, data: bytes) -> None:
        """Journal that the supervisor's spool holds output at `position`, then send it.

        Raises:
            OSError: the disk is full or broken; nothing is sent.
        """
        body = Extent(position, len(data), checksum(data)).encode()
        self._append(self._record(Kind.SPOOLED, body, channel, self.journal.offsets[channel]))

    def record_gap(self, channel: int, to_offset: int) -> None:
        """Journal that output up to `to_offset` is left out.

        Raises:
            OSError: the disk is full or broken; nothing is sent.
        """
        body = to_offset.to_bytes(8, "little")
        self._append(self._record(Kind.GAP, body, channel, self.journal.offsets[channel]))

    def exit(self, exited: pb.Exited) -> None:
        """Journal its last event. On a full disk it is kept in memory, so that it still reaches the server."""
        record = self._event_record(pb.RunEvent(exited=exited))
        before = self.journal.spooled_bytes
        try:
            self.journal.append(record)
        except OSError as error:
            _log.error("run %s: its end can't be journalled: %s", self.run_id, error)
            self.journal.note(record)
        self.workshop.spool.change(self.journal.spooled_bytes - before)
        self._ended()

    def fail(self, message: str) -> None:
        """End it after a fault of the worker itself, wherever it stood."""
        if self.state < State.STARTING:
            self.reject(pb.REJECT_CODE_UNSPECIFIED, message)
        elif not self.has_ended:
            self.exit(pb.Exited(message=message))

    def _ended(self) -> None:
        self.state = State.EXITED
        self.gone.set()
        self.workshop.wake(self)

    def _append(self, *records: Record) -> None:
        before = self.journal.spooled_bytes
        self.journal.append(*records)
        self.workshop.spool.change(self.journal.spooled_bytes - before)
        self.workshop.wake(self)

    def _event_record(self, event: pb.RunEvent) -> Record:
        return self._record(Kind.EVENT, event.SerializeToString())

    def _record(self, kind: Kind, body: bytes, channel: int = 0, offset: int = 0) -> Record:
        return Record(
            kind=kind,
            channel=channel,
            event_no=self.journal.next_event,
            offset=offset,
            wall_nanoseconds=time.time_ns(),
            monotonic_nanoseconds=time.monotonic_ns(),
            body=body,
            body_crc32c=checksum(body),
        )

    # -- what the server gets -----------------------------------------------------------------------------------------

    def summary(self) -> pb.RunSummary:
        """What Hello says about it."""
        journal = self.journal
        return pb.RunSummary(
            run_id=self.run_id,
            attempt=self.attempt,
            fence=self.fence,
            state=pb.RunState.ValueType(self.state),
            next_event=journal.next_event,
            acked_through=journal.acked_through,
            offsets=[
                pb.ChannelOffset(channel=name, bytes=end)
                for name, end in zip(journal.header.channels, journal.offsets, strict=False)
            ],
        )

    def start_session(self, window_bytes: int) -> None:
        """Send everything that isn't acknowledged again, on a fresh stream."""
        self.next_to_send = self.journal.first_unacked
        self.window_bytes = window_bytes
        self.credit_until = 0
        self.sent_data_end = self.journal.data_acked

    @property
    def in_flight_bytes(self) -> int:
        """Output sent on this stream and not acknowledged."""
        return max(0, self.sent_data_end - self.journal.data_acked)

    def next_entry(self) -> Entry | None:
        """What is to be sent next, if there is something and the credit allows it."""
        if self.silent or self.awaits_ack:
            return None
        entry = self.journal.entry(self.next_to_send)
        if entry is not None and entry.record.kind in (Kind.OUTPUT, Kind.SPOOLED):
            limit = max(self.credit_until, self.journal.data_acked + self.window_bytes)
            return entry if entry.data_start < limit else None
        return entry

    def take(self, entry: Entry, events: pb.RunEvents) -> None:
        """Add the entry to a message, as it goes over the wire; the next one is due after it.

        Raises:
            OSError: it can't be read back.
        """
        event = events.events.add(run_id=self.run_id, attempt=self.attempt, fence=self.fence)
        fill_event(event, entry.record, self.journal.body(entry), self.journal.header.channels)
        self.next_to_send = entry.record.event_no + 1
        self.sent_through = max(self.sent_through, entry.record.event_no)
        self.sent_data_end = max(self.sent_data_end, entry.data_end)

    # -- what the server says -----------------------------------------------------------------------------------------

    def acknowledge(self, ack: pb.Ack) -> None:
        """Free what the server has; go back if it asks."""
        self.awaits_ack = False
        before = self.journal.spooled_bytes
        unsent = ack.through_event > self.sent_through
        self.journal.free_through(min(ack.through_event, self.sent_through) if unsent else ack.through_event)
        if unsent:
            _log.warning("run %s: the server knows more events than this journal; renumbering", self.run_id)
            self.journal.renumber_after(ack.through_event)
            self.next_to_send = ack.through_event + 1
        if ack.HasField("resume_from"):
            self._resume(ack.resume_from)
        self.next_to_send = max(self.next_to_send, self.journal.first_unacked)
        self.workshop.spool.change(self.journal.spooled_bytes - before)
        if self.state is State.EXITED and self.journal.first_unacked == self.journal.next_event:
            self.state = State.ALL_ACKED

    def _resume(self, event_no: int) -> None:
        if event_no < self.journal.first_unacked:
            _log.error("run %s: events from %d on were lost in a crash of the machine", self.run_id, event_no)
            self.journal.renumber_after(event_no - 1)
        self.next_to_send = event_no
        entry = self.journal.entry(event_no)
        self.sent_data_end = entry.data_start if entry is not None else self.journal.data_end

    def forget(self) -> None:
        """Remove its journal."""
        self.workshop.spool.change(-self.journal.spooled_bytes)
        self.journal.remove()
        if self.supervision is not None:
            self.workshop.syncer.do(self.directory.remove)
        self.state = State.RELEASED
