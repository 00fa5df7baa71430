"""Events that the server may not have yet, and where their output is kept."""

from typing import Protocol

from buildledger.worker.journal.records import Extent, Kind, Record


class OutputReader(Protocol):
    """Reads output that is kept outside of the journal, by the supervisor of a command."""

    def read(self, channel: int, position: int, length: int) -> bytes:
        """Bytes of a channel. Raises OSError if they can't be read."""


class OutputReclaimer(Protocol):
    """Deletes output that is kept outside of the journal."""

    def reclaim(self, channel: int, position: int) -> None:
        """Bytes of a channel before `position` are needed no more."""

    def is_reclaimed(self, channel: int, position: int) -> bool:
        """Whether the byte at `position` was deleted."""


class Entry:
    """One event that the server may not have yet, and where to find it."""

    __slots__ = ("body_bytes", "data_end", "data_start", "extent", "position", "record", "segment")

    def __init__(self, record: Record, segment: int, position: int, data_start: int, data_end: int) -> None:
        self.record = record
        self.extent = Extent.decode(record.body) if record.kind is Kind.SPOOLED else None
        """Where its bytes lie, if that isn't the journal."""
        self.body_bytes = len(record.body) if self.extent is None else self.extent.length
        self.segment = segment
        self.position = position
        """Where its record begins in the segment; -1 for an event that couldn't be written."""
        self.data_start = data_start
        """Bytes of output of the attempt before this event, gaps counted."""
        self.data_end = data_end
