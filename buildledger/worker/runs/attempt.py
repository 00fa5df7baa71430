"""One attempt of a run, from the server's first mention of it until its release."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from enum import IntEnum

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.contract.directory import SupervisedDirectory
from buildledger.worker.journal.journal import Journal
from buildledger.worker.journal.records import (
    Extent,
    Kind,
    Record,
    RunHeader,
    SupervisionHeader,
    checksum,
    record_of,
)
from buildledger.worker.runs.attempt_store import AttemptStore
from buildledger.worker.runs.delivery import Delivery
from buildledger.worker.runs.stopping import StopRequest
from buildledger.worker.supervision.segment_reclaimer import SegmentReclaimer
from buildledger.worker.supervision.spool_reader import SpoolReader

_INSTANT_SECONDS = 0.001

_log = logging.getLogger(__name__)


class State(IntEnum):
    """The state of an attempt, with the protocol's numbers."""

    NEW = pb.RUN_STATE_NEW
    ACCEPTED = pb.RUN_STATE_ACCEPTED
    STARTING = pb.RUN_STATE_STARTING
    RUNNING = pb.RUN_STATE_RUNNING
    STOPPING = pb.RUN_STATE_STOPPING
    EXITED = pb.RUN_STATE_EXITED
    ALL_ACKED = pb.RUN_STATE_ALL_ACKED
    RELEASED = pb.RUN_STATE_RELEASED


class Attempt(Delivery):
    """Identity, journal and state of one attempt; `Delivery` has what goes to the server."""

    def __init__(
        self,
        store: AttemptStore,
        header: RunHeader,
        wake: Callable[["Attempt"], None],
        journal: Journal | None = None,
    ) -> None:
        """`wake` is called whenever there may be something to send."""
        super().__init__(header, journal or Journal(store.journal_dir, header, store.group_fsync.remove))
        self.store = store
        self._wake = wake
        self.builddir = header.builddir
        self.cookie = header.cookie
        self.state = State.NEW
        self.supervision: SupervisionHeader | None = None
        """Set if its command has a supervisor, which goes on when the worker doesn't."""
        self.spool_reader: SpoolReader | None = None
        """Reads the output that the supervisor keeps."""
        self.began_at: float | None = None
        """When its work began, on the loop's clock."""
        self.stop = StopRequest()
        self.gone = asyncio.Event()
        """No process or thread of it is at work (any more)."""

    @property
    def key(self) -> tuple[str, int]:
        """Run id and attempt number."""
        return self.run_id, self.attempt

    @property
    def directory(self) -> SupervisedDirectory:
        """The directory that it shares with its supervisor."""
        return SupervisedDirectory(self.store.settings.state_dir, self.run_id, self.attempt)

    def seconds_left(self, limit_seconds: float) -> float:
        """What is left of a limit on its work, at least an instant; 0 if there is none."""
        if not limit_seconds or self.began_at is None:
            return limit_seconds
        return max(limit_seconds - (asyncio.get_running_loop().time() - self.began_at), _INSTANT_SECONDS)

    @property
    def has_ended(self) -> bool:
        """Whether its last event is journalled."""
        return self.state >= State.EXITED

    def begin(self, channels: tuple[str, ...]) -> None:
        """Journal that it is accepted and about to start.

        Raises:
            OSError: the disk is full or broken; there is no journal.
        """
        header = replace(self.journal.header, channels=channels, fence=self.fence)
        self.journal = Journal(self.store.journal_dir, header, self.store.group_fsync.remove)
        self.journal.begin(self._event_record(pb.RunEvent(accepted=pb.Accepted())), Record(kind=Kind.STARTING))
        self.store.spool.change(self.journal.spooled_bytes)
        self.state = State.STARTING

    def withdraw(self) -> None:
        """Undo `begin`, of which nothing was sent yet."""
        self.store.spool.change(-self.journal.spooled_bytes)
        self.journal.remove()
        self.journal = Journal(self.store.journal_dir, self.journal.header, self.store.group_fsync.remove)
        self.next_to_send = self.journal.first_unacked
        self.state = State.NEW

    def reject(self, code: pb.RejectCode.ValueType, message: str) -> None:
        """End it before it began."""
        record = self._event_record(pb.RunEvent(rejected=pb.Rejected(code=code, message=message)))
        try:
            self.journal.begin(record)
        except OSError as error:
            _log.error("run %s: the refusal can't be journalled: %s", self.run_id, error)
            self.journal.append_in_memory(record)
        self.store.spool.change(self.journal.spooled_bytes)
        self._ended()

    def supervise(self, supervision: SupervisionHeader, *, is_recorded: bool = False) -> None:
        """Journal that a supervisor is about to be started; its spool holds the output from here on.

        Raises:
            OSError: the disk is full or broken.
        """
        if not is_recorded:
            self._append(record_of(Kind.SUPERVISED, supervision.encode()))
        self.supervision = supervision
        directory, size = self.directory.spool, supervision.segment_bytes
        self.spool_reader = SpoolReader(directory, size)
        self.journal.attach_spool(self.spool_reader, SegmentReclaimer(directory, size, self.store.group_fsync.remove))

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
            self.journal.append_in_memory(record)
        self.store.spool.change(self.journal.spooled_bytes - before)
        self._ended()

    def fail(self, message: str) -> None:
        """End it because of an error in the worker itself, in any state."""
        if self.state < State.STARTING:
            self.reject(pb.REJECT_CODE_UNSPECIFIED, message)
        elif not self.has_ended:
            self.exit(pb.Exited(message=message))

    def _ended(self) -> None:
        self.state = State.EXITED
        self.gone.set()
        self._wake(self)

    def _append(self, *records: Record) -> None:
        before = self.journal.spooled_bytes
        self.journal.append(*records)
        self.store.spool.change(self.journal.spooled_bytes - before)
        self._wake(self)

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

    def acknowledge(self, ack: pb.Ack) -> None:
        """Release acknowledged events; send again from where the server asks."""
        before = self.journal.spooled_bytes
        super().acknowledge(ack)
        self.store.spool.change(self.journal.spooled_bytes - before)
        if self.state is State.EXITED and self.journal.first_unacked == self.journal.next_event:
            self.state = State.ALL_ACKED

    def forget(self) -> None:
        """Remove its journal."""
        self.store.spool.change(-self.journal.spooled_bytes)
        self.journal.remove()
        if self.supervision is not None:
            self.store.group_fsync.do(self.directory.remove)
        self.state = State.RELEASED
