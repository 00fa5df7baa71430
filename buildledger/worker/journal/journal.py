"""The journal of one attempt: its events, on disk before they are sent.

An attempt has one or more segments, `<run id>.<attempt>.<segment>.journal`. Each begins with a header that says what
the attempt is and how far it had come, so that a segment can be removed once the server has what is in it. A record
that a crash cut short is recognised by its checksum. The specification of a run is not kept: it may hold secrets, and
nothing is ever started from a journal.
"""

import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from buildledger.worker.journal.entries import Entry, OutputReader, OutputReclaimer
from buildledger.worker.journal.records import HEAD_BYTES, Kind, Record, RunHeader, encode_head, record_of

SEGMENT_BYTES = 8 << 20
# Output that waits in memory to be sent; what is beyond is read back from disk.
CACHED_BYTES_PER_RUN = 1 << 20


class Journal:
    """Appends to, reads from, and frees the segments of one attempt. Not thread-safe, except `sync`."""

    def __init__(
        self, directory: Path, header: RunHeader, remove_large: Callable[[Path], object] = Path.unlink
    ) -> None:
        """Describe a journal; nothing is on disk before `begin`.

        `remove_large` removes a file that may have megabytes, which takes the file system a while.
        """
        self._directory = directory
        self._remove_large = remove_large
        self.header = header
        self.next_event = header.next_event
        self.acked_through = header.next_event - 1
        self.offsets = list(header.offsets) or [0] * len(header.channels)
        self.data_end = sum(self.offsets)
        """Bytes of output of the attempt, gaps counted."""
        self._spool_reader: OutputReader | None = None
        self._reclaimer: OutputReclaimer | None = None
        self.relayed = header.relayed
        """Records of that kind so far."""
        self.spooled_bytes = 0
        """Bodies of unacknowledged events."""
        self._entries: deque[Entry] = deque()
        self._descriptors: dict[int, int] = {}
        self._active = 0
        self._active_bytes = 0
        self._cached_bytes = 0

    def attach_spool(self, reader: OutputReader, reclaimer: OutputReclaimer) -> None:
        """From here on, SPOOLED records tell of output that these two read and delete."""
        self._spool_reader, self._reclaimer = reader, reclaimer

    def begin(self, *records: Record) -> None:
        """Create the first segment with its header and `records`, in one write.

        Raises:
            OSError: the disk is full or broken; nothing is left behind.
        """
        try:
            self._open_segment(0, records)
        except OSError:
            self.remove()
            raise

    def append(self, *records: Record) -> None:
        """Add records in one write; those with an event number become entries.

        Raises:
            OSError: the disk is full or broken; the journal is as it was before.
        """
        if self._active_bytes >= SEGMENT_BYTES:
            self._open_segment(self._active + 1, ())
        self._write(records)

    def append_in_memory(self, record: Record) -> None:
        """Add an event that couldn't be written to disk; it is kept in memory only, and lost when the worker ends."""
        self._enter(record, self._active, -1)

    def sync(self) -> None:
        """Make the journal durable. Blocks on the disk; may be called from another thread while nothing is appended."""
        os.fsync(self._descriptors[self._active])

    def _open_segment(self, number: int, records: tuple[Record, ...]) -> None:
        descriptor = os.open(self._path(number), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        previous, self._active, self._active_bytes = (self._active, self._active_bytes), number, 0
        self._descriptors[number] = descriptor
        header = replace(self.header, next_event=self.next_event, offsets=tuple(self.offsets), relayed=self.relayed)
        try:
            self._write((record_of(Kind.HEADER, header.encode()), *records))
        except OSError:
            self._drop_segment(number)
            self._active, self._active_bytes = previous
            raise

    def _write(self, records: tuple[Record, ...]) -> None:
        descriptor = self._descriptors[self._active]
        buffers = [part for record in records for part in (encode_head(record), record.body)]
        wanted = sum(map(len, buffers))
        written = -1
        try:
            written = os.writev(descriptor, buffers)
            if written != wanted:
                # The rest didn't fit; writing it alone gives the reason, or succeeds.
                _write_all(descriptor, b"".join(buffers)[written:])
                written = wanted
        finally:
            if written != wanted:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, self._active_bytes)
        position = self._active_bytes
        self._active_bytes += wanted
        for record in records:
            if record.event_no:
                self._enter(record, self._active, position)
            position += HEAD_BYTES + len(record.body)

    def _enter(self, record: Record, segment: int, position: int) -> None:
        entry = Entry(record, segment, position, self.data_end, self.data_end)
        size = entry.body_bytes
        self.next_event = record.event_no + 1
        if record.kind in (Kind.OUTPUT, Kind.GAP, Kind.SPOOLED):
            end = int.from_bytes(record.body, "little") if record.kind is Kind.GAP else record.offset + size
            self.data_end += end - self.offsets[record.channel]
            self.offsets[record.channel] = end
            entry.data_end = self.data_end
        self.relayed += record.kind is Kind.RELAYED
        self._entries.append(entry)
        self.spooled_bytes += size
        if entry.extent is not None:
            # The system has it in memory: it was written just now.
            record.body, record.body_crc32c = b"", entry.extent.crc32c
        elif position >= 0:
            if self._cached_bytes + size > CACHED_BYTES_PER_RUN:
                record.body = b""
            self._cached_bytes += len(record.body)

    @property
    def first_unacked(self) -> int:
        """Number of the oldest event still held, or the number the next one will get."""
        return self._entries[0].record.event_no if self._entries else self.next_event

    def entry(self, event_no: int) -> Entry | None:
        """The entry of an event, or None if there is none (yet, or any more)."""
        if not self._entries:
            return None
        index = event_no - self._entries[0].record.event_no
        return self._entries[index] if 0 <= index < len(self._entries) else None

    def body(self, entry: Entry) -> bytes:
        """The body of an entry, from memory or from disk; memory is given back.

        Raises:
            OSError: the disk is broken.
        """
        record = entry.record
        if entry.extent is not None and self._spool_reader is not None:
            return self._spool_reader.read(record.channel, entry.extent.position, entry.extent.length)
        if entry.position < 0 or entry.body_bytes == 0:
            return record.body
        if record.body:
            body, record.body = record.body, b""
            self._cached_bytes -= len(body)
            return body
        body = os.pread(self._descriptors[entry.segment], entry.body_bytes, entry.position + HEAD_BYTES)
        if len(body) != entry.body_bytes:
            raise OSError(f"journal segment {self._path(entry.segment).name} is shorter than it was")
        return body

    @property
    def data_acked(self) -> int:
        """Bytes of output that the server has."""
        return self._entries[0].data_start if self._entries else self.data_end

    def release_through(self, event_no: int) -> None:
        """Drop acknowledged events up to `event_no`, and delete segments that hold nothing else."""
        while self._entries and self._entries[0].record.event_no <= event_no:
            entry = self._entries.popleft()
            self.spooled_bytes -= entry.body_bytes
            if entry.extent is not None and self._reclaimer is not None:
                self._reclaimer.reclaim(entry.record.channel, entry.extent.position + entry.extent.length)
            elif entry.position >= 0:
                self._cached_bytes -= len(entry.record.body)
        self.acked_through = max(self.acked_through, min(event_no, self.next_event - 1))
        # The first segment stays: it tells which process the attempt started.
        needed = self._entries[0].segment if self._entries else self._active
        for number in [each for each in self._descriptors if 0 < each < needed]:
            self._drop_segment(number)

    def release_reclaimed(self) -> None:
        """After a restart: drop events whose output an earlier process deleted, since those were acknowledged."""
        reclaimer = self._reclaimer
        if reclaimer is not None:
            known = [
                entry.record.event_no
                for entry in self._entries
                if entry.extent is not None and reclaimer.is_reclaimed(entry.record.channel, entry.extent.position)
            ]
            self.release_through(max(known, default=0))

    def renumber_after(self, event_no: int) -> None:
        """Number the held events anew from `event_no` + 1: the server already has others up to `event_no`."""
        for shift, entry in enumerate(self._entries, start=1):
            entry.record.event_no = event_no + shift
        self.acked_through = event_no
        self.next_event = event_no + len(self._entries) + 1

    def remove(self) -> None:
        """Remove all segments. Harmless if done before."""
        for number in list(self._descriptors):
            self._drop_segment(number)
        self._entries.clear()
        self.spooled_bytes = 0

    def close(self) -> None:
        """Close the files; they stay on disk."""
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        self._descriptors.clear()

    def load_segment(self, number: int, path: Path, records: Iterator[tuple[int, Record]]) -> None:
        """Load a segment that an earlier process wrote; an incomplete record at its end is cut off."""
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        self._descriptors[number] = descriptor
        self._active, self._active_bytes = number, 0
        for position, record in records:
            size = len(record.body)
            if record.event_no:
                self._enter(record, number, position)
            elif record.kind is Kind.HEADER:
                self._catch_up(RunHeader.decode(record.body))
            self._active_bytes = position + HEAD_BYTES + size
        os.ftruncate(descriptor, self._active_bytes)

    def _catch_up(self, header: RunHeader) -> None:
        """Go on where a segment begins: what lies before it and isn't there was acknowledged."""
        if header.next_event > self.next_event:
            self._entries.clear()
            self.spooled_bytes = self._cached_bytes = 0
            self.next_event = header.next_event
            self.acked_through = header.next_event - 1
            self.offsets = list(header.offsets)
            self.data_end = sum(self.offsets)
            self.relayed = header.relayed

    def _drop_segment(self, number: int) -> None:
        os.close(self._descriptors.pop(number))
        path = self._path(number)
        if number > 0 or self._active > 0:
            self._remove_large(path)
        else:
            path.unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self._directory / f"{self.header.run_id}.{self.header.attempt}.{number}.journal"


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
