"""Writing side of the local store: admit bytes to logs and keep them as compressed chunks.

A log is a row with its counts and chunks of 64 to 256 KiB. What arrives in smaller pieces is kept as it came and merged
when enough is there, so a quiet log costs one small row per flush and a loud one is compressed once.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from buildledger.logs.codec import ChunkCodec
from buildledger.logs.digests import RunningDigests
from buildledger.logs.packs import PackReader, PackWriter
from buildledger.logs.store import LogBytes, LogDigest, LogFinishedError, LogHoleError

CHUNK_MIN_BYTES = 64 * 1024
CHUNK_MAX_BYTES = 256 * 1024
"""A range of lines costs at most the decompression of one chunk more than its own."""

TAIL_PIECES_MAX = 64
"""A tail of more pieces is merged into one, however few bytes it has."""

PACK_MIN_BYTES = 8 * 1024
"""Compressed chunks from this size on stand in a pack; the others in the database, where small things are cheap."""

ROW_OVERHEAD_BYTES = 4096
"""Roughly what a chunk adds to the write-ahead log beside its own bytes."""


class _Log:
    """One log during a batch: its row, and the bytes admitted but not yet written."""

    __slots__ = (
        "log_id",
        "newlines",
        "open_line",
        "pending",
        "row",
        "sha256",
        "size",
        "tail_pieces",
        "tail_start",
        "written",
    )

    def __init__(self, log_id: UUID, row: tuple[int, int, int, int, int, int, bytes | None] | None) -> None:
        self.log_id = log_id
        self.row, self.size, self.newlines, self.open_line, self.tail_start, self.tail_pieces, self.sha256 = row or (
            0,
            0,
            0,
            0,
            0,
            0,
            None,
        )
        self.written = self.size
        self.pending: list[bytes] = []

    @property
    def digest(self) -> LogDigest:
        assert self.sha256 is not None
        return LogDigest(size_bytes=self.size, line_count=self.newlines + self.open_line, sha256=self.sha256.hex())


class ChunkWriter:
    """Applies appends and finishes to the tables in one transaction per batch; used by one thread.

    Between batches it remembers nothing but running digests, so a rolled-back batch leaves no trace.
    """

    def __init__(self, connection: sqlite3.Connection, packs: Path) -> None:
        self._connection = connection
        newest = connection.execute("SELECT pack, end_at FROM pack ORDER BY pack DESC LIMIT 1").fetchone()
        self._packs = PackWriter(packs, *(newest or (1, 0)))
        self._codec = ChunkCodec(PackReader(packs))
        self._batch: dict[UUID, _Log] = {}
        self._digests = RunningDigests()
        self._grown: set[UUID] = set()
        self.bytes_since_checkpoint = 0

    def begin(self) -> None:
        """Start a batch: open a transaction and forget what the last one knew."""
        self._batch = {}
        self._digests.begin()
        self._grown = set()
        self._connection.execute("BEGIN IMMEDIATE")

    def admit(self, entries: Sequence[LogBytes]) -> None:
        """Take the entries of one call into the batch, all or none.

        Raises:
            LogHoleError: an entry begins beyond the end of its log.
            LogFinishedError: an entry would grow a finished log.
        """
        ends: dict[UUID, int] = {}
        fresh: list[tuple[_Log, bytes]] = []
        for entry in entries:
            log = self._log(entry.log_id)
            end = ends.get(entry.log_id, log.size)
            if entry.offset > end:
                raise LogHoleError(entry.log_id, end, entry.offset)
            fresh_bytes = entry.offset + len(entry.data) - end
            if fresh_bytes <= 0:
                continue
            if log.sha256 is not None:
                raise LogFinishedError(entry.log_id, log.size)
            fresh.append((log, entry.data[-fresh_bytes:] if fresh_bytes < len(entry.data) else entry.data))
            ends[entry.log_id] = end + fresh_bytes
        for log, data in fresh:
            log.pending.append(data)
            log.size += len(data)

    def finish(self, log_id: UUID) -> LogDigest:
        """Close a log within the batch and return its digest."""
        log = self._log(log_id)
        if log.sha256 is None:
            self._write(log, seal=True)
            log.sha256 = self._sha256(log)
            self._save(log)
            self._grown.add(log_id)
        return log.digest

    def commit(self) -> set[UUID]:
        """Make the batch durable; returns the logs that grew or finished."""
        for log in self._batch.values():
            if log.pending:
                self._write(log, seal=False)
                self._save(log)
                self._grown.add(log.log_id)
        if self._packs.sync():
            self._connection.execute("INSERT OR REPLACE INTO pack VALUES (?, ?)", (self._packs.pack, self._packs.end))
        self._connection.execute("COMMIT")
        self._packs.committed()
        self._digests.commit()
        for log in self._batch.values():
            if log.sha256 is not None:
                self._digests.drop(log.log_id)
        return self._grown

    def close(self) -> None:
        """Close the pack that is being written."""
        self._packs.close()

    def rollback(self) -> None:
        """Undo the batch: what it wrote counts for nothing."""
        self._packs.rollback()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _log(self, log_id: UUID) -> _Log:
        log = self._batch.get(log_id)
        if log is None:
            row = self._connection.execute(
                "SELECT id, size_bytes, newlines, open_line, tail_start, tail_pieces, sha256 FROM log WHERE log_id = ?",
                (log_id.bytes,),
            ).fetchone()
            log = self._batch[log_id] = _Log(log_id, row)
        return log

    def _save(self, log: _Log) -> None:
        self._connection.execute(
            "UPDATE log SET size_bytes = ?, newlines = ?, open_line = ?, tail_start = ?, tail_pieces = ?, sha256 = ?"
            " WHERE id = ?",
            (log.size, log.newlines, log.open_line, log.tail_start, log.tail_pieces, log.sha256, log.row),
        )

    def _write(self, log: _Log, *, seal: bool) -> None:
        """Turn the pending bytes of a log into chunk rows; what is too small for a chunk stays its tail."""
        if not log.row:
            cursor = self._connection.execute(
                "INSERT INTO log VALUES (NULL, ?, 0, 0, 0, 0, 0, NULL)", (log.log_id.bytes,)
            )
            assert cursor.lastrowid is not None
            log.row = cursor.lastrowid
        pieces, start, line = log.pending, log.written, log.newlines
        if pieces:
            log.open_line = int(not pieces[-1].endswith(b"\n"))
            self._digests.extend(log.log_id, log.written, pieces)
        full = log.size - log.tail_start >= CHUNK_MIN_BYTES
        if log.tail_pieces and (
            full or log.tail_pieces >= TAIL_PIECES_MAX or (seal and log.tail_pieces > int(not pieces))
        ):
            line, tail = self._take_tail(log)
            start, pieces = log.tail_start, [*tail, *pieces]
            log.tail_pieces = 0
        for chunk in _chunks(pieces):
            if start - log.tail_start >= CHUNK_MIN_BYTES:
                log.tail_start, log.tail_pieces = start, 0
            self._insert(log, start, line, chunk)
            log.tail_pieces += 1
            start += len(chunk)
            line += chunk.count(b"\n")
        log.newlines = line
        if seal or log.size - log.tail_start >= CHUNK_MIN_BYTES:
            log.tail_start, log.tail_pieces = log.size, 0
        log.pending = []
        log.written = log.size

    def _take_tail(self, log: _Log) -> tuple[int, list[bytes]]:
        """Remove the unsealed pieces of a log; returns the newlines before them and their bytes."""
        where = (log.row, log.tail_start)
        rows = self._connection.execute(
            "SELECT first_line, size_bytes, codec, pack, pack_at, packed_bytes, data FROM chunk"
            " WHERE log = ? AND first_byte >= ? ORDER BY first_byte",
            where,
        ).fetchall()
        self._connection.execute("DELETE FROM chunk WHERE log = ? AND first_byte >= ?", where)
        return rows[0][0], [self._codec.unpack(*chunk) for _, *chunk in rows]

    def _insert(self, log: _Log, start: int, line: int, chunk: bytes) -> None:
        codec, packed = self._codec.compress(chunk)
        if len(packed) >= PACK_MIN_BYTES:
            pack_at = self._packs.write(packed)
            stands: tuple[int, int, int, bytes | None] = (self._packs.pack, pack_at, len(packed), None)
        else:
            stands = (0, 0, 0, packed)
            self.bytes_since_checkpoint += len(packed)
        self._connection.execute(
            "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (log.row, start, line, len(chunk), codec, *stands),
        )
        self.bytes_since_checkpoint += ROW_OVERHEAD_BYTES

    def _sha256(self, log: _Log) -> bytes:
        known = self._digests.digest(log.log_id, log.size)
        if known is not None:
            return known
        hasher = hashlib.sha256()
        for chunk in self._connection.execute(
            "SELECT size_bytes, codec, pack, pack_at, packed_bytes, data FROM chunk WHERE log = ? ORDER BY first_byte",
            (log.row,),
        ):
            hasher.update(self._codec.unpack(*chunk))
        return hasher.digest()


def _chunks(pieces: Sequence[bytes]) -> Iterator[bytes]:
    """Join pieces, or cut them, to chunks as large as they may be; only the last is smaller."""
    gathered: list[bytes] = []
    room = CHUNK_MAX_BYTES
    for piece in pieces:
        at = 0
        while at < len(piece):
            part = piece[at : at + room]
            gathered.append(part)
            at += len(part)
            room -= len(part)
            if not room:
                yield b"".join(gathered)
                gathered, room = [], CHUNK_MAX_BYTES
    if gathered:
        yield b"".join(gathered)
