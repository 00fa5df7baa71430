"""The progress of an attempt's events to the server: sent, acknowledged, credit."""

import logging

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.journal.entries import Entry
from buildledger.worker.journal.journal import Journal
from buildledger.worker.journal.records import Kind, RunHeader
from buildledger.worker.runs.event_encoding import fill_event

_log = logging.getLogger(__name__)


class Delivery:
    """Hands out the events of one attempt in order, as far as the credit goes, until the server has them."""

    def __init__(self, header: RunHeader, journal: Journal) -> None:
        self.run_id = header.run_id
        self.attempt = header.attempt
        self.fence = header.fence
        self.journal = journal
        self.is_unknown = False
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
        if self.is_unknown or self.awaits_ack:
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

    def acknowledge(self, ack: pb.Ack) -> None:
        """Release acknowledged events; send again from where the server asks."""
        self.awaits_ack = False
        unsent = ack.through_event > self.sent_through
        self.journal.release_through(min(ack.through_event, self.sent_through) if unsent else ack.through_event)
        if unsent:
            _log.warning("run %s: the server knows more events than this journal; renumbering", self.run_id)
            self.journal.renumber_after(ack.through_event)
            self.next_to_send = ack.through_event + 1
        if ack.HasField("resume_from"):
            self._resume(ack.resume_from)
        self.next_to_send = max(self.next_to_send, self.journal.first_unacked)

    def _resume(self, event_no: int) -> None:
        if event_no < self.journal.first_unacked:
            _log.error("run %s: events from %d on were lost in a crash of the machine", self.run_id, event_no)
            self.journal.renumber_after(event_no - 1)
        self.next_to_send = event_no
        entry = self.journal.entry(event_no)
        self.sent_data_end = entry.data_start if entry is not None else self.journal.data_end
