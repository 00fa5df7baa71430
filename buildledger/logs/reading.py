"""Reading side of the local store: ranges of lines and bytes out of chunks.

Everything here blocks and is called on reader threads. A line is found through the index of newlines before each chunk,
so its cost does not depend on where in the log it is.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec import Struct

from buildledger.logs import schema
from buildledger.logs.away import is_away
from buildledger.logs.checking import CheckedLogs, digest_of_part
from buildledger.logs.codec import UNREADABLE, ChunkCodec
from buildledger.logs.packs import PackReader
from buildledger.logs.search import compile_pattern, search_chunks
from buildledger.logs.store import (
    LogAlteredError,
    LogDigest,
    LogLines,
    LogMissingError,
    LogSize,
    LogStoreUnavailableError,
    Pattern,
    SearchPage,
)

RAW_PIECE_BYTES = 1024 * 1024


class _Row(Struct, frozen=True):
    id: int
    size_bytes: int
    newlines: int
    open_line: int
    finished: int

    @property
    def line_count(self) -> int:
        return self.newlines + self.open_line


_NOTHING = _Row(0, 0, 0, 0, 0)


class LogReader:
    """Reads the logs kept in a directory; used by one thread at a time."""

    def __init__(self, directory: Path, checked: CheckedLogs | None = None) -> None:
        """`checked`: what this and other readers know of logs that were checked."""
        self._connection = schema.open_reader(directory)
        self._codec = ChunkCodec(PackReader(schema.packs_directory(directory)))
        self._checked = checked or CheckedLogs()

    def check(self, log_id: UUID, said: LogDigest | None) -> None:
        """Compare a log with what its fact says of it: read all of it once, and then compare each chunk that is read.

        Raises:
            LogMissingError
            LogAlteredError
        """
        with self._snapshot():
            row = self._row(log_id)
            if not row.id:
                raise LogMissingError(f"the bytes of log {log_id} are not here")
            if said is None:
                return
            counted = (row.size_bytes, row.line_count, bool(row.finished))
            if counted != (said.size_bytes, said.line_count, True):
                raise LogAlteredError(
                    f"log {log_id} has {row.size_bytes} bytes in {row.line_count} lines here, while the fact of its end"
                    f" says {said.size_bytes} in {said.line_count}"
                )
            if not self._checked.knows(log_id, said.sha256):
                self._read_all(log_id, row.id, said)

    def _read_all(self, log_id: UUID, log: int, said: LogDigest) -> None:
        hasher = hashlib.sha256()
        parts: dict[int, bytes] = {}
        for first_byte, *chunk in self._connection.execute(
            "SELECT first_byte, size_bytes, codec, pack, pack_at, packed_bytes, data FROM chunk"
            " WHERE log = ? ORDER BY first_byte",
            (log,),
        ):
            data = self._codec.unpack(*chunk)
            hasher.update(data)
            parts[first_byte] = digest_of_part(data)
        if hasher.hexdigest() != said.sha256:
            raise LogAlteredError(
                f"log {log_id} has the digest {hasher.hexdigest()}, while the fact of its end says {said.sha256}"
            )
        self._checked.add(log_id, said.sha256, parts)

    def size(self, log_id: UUID) -> LogSize:
        """How much of a log is durable."""
        row = self._row(log_id)
        return LogSize(size_bytes=row.size_bytes, line_count=row.line_count, finished=bool(row.finished))

    def lines(self, log_id: UUID, first: int, last: int, max_bytes: int) -> LogLines:
        """Lines `first` up to but not including `last`, as far as `max_bytes` go."""
        with self._snapshot():
            row = self._row(log_id)
            count = min(last, row.line_count) - first
            if count <= 0:
                return LogLines(first=first, lines=(), cut=False)
            parts: list[bytes] = []
            newlines = size_bytes = 0
            for part in self._chunks(log_id, row.id, self._line_start(log_id, row.id, first), row.size_bytes):
                parts.append(part)
                newlines += part.count(b"\n")
                size_bytes += len(part)
                if newlines >= count or size_bytes > max_bytes:
                    break
        text = b"".join(parts)
        lines = text.split(b"\n", count)[:count]
        cut = len(lines) < count or sum(map(len, lines)) + len(lines) - 1 > max_bytes
        return LogLines(first=first, lines=text[:max_bytes].split(b"\n")[:count] if cut else lines, cut=cut)

    def piece(self, log_id: UUID, from_byte: int, to_byte: int | None) -> bytes:
        """Up to a megabyte (and a chunk) of a log's bytes beginning at `from_byte`; empty at the end."""
        with self._snapshot():
            row = self._row(log_id)
            parts: list[bytes] = []
            size_bytes = 0
            for part in self._chunks(log_id, row.id, from_byte, row.size_bytes if to_byte is None else to_byte):
                parts.append(part)
                size_bytes += len(part)
                if size_bytes >= RAW_PIECE_BYTES:
                    break
        return b"".join(parts)

    def search(
        self, log_id: UUID, pattern: Pattern, limit: int, from_line: int, expired: Callable[[], bool]
    ) -> SearchPage:
        """Lines that match, until `limit` hits are found, the log ends or `expired()`."""
        matcher = compile_pattern(pattern)
        with self._snapshot():
            row = self._row(log_id)
            if from_line >= row.line_count:
                return SearchPage(hits=(), next_line=None)
            chunks = self._chunks(log_id, row.id, self._line_start(log_id, row.id, from_line), row.size_bytes)
            return search_chunks(chunks, matcher, limit, from_line, expired)

    def _row(self, log_id: UUID) -> _Row:
        row = self._connection.execute(
            "SELECT id, size_bytes, newlines, open_line, sha256 IS NOT NULL FROM log WHERE log_id = ?", (log_id.bytes,)
        ).fetchone()
        return _Row(*row) if row else _NOTHING

    def _line_start(self, log_id: UUID, log: int, line: int) -> int:
        """The first byte of a line that exists."""
        if line <= 0:
            return 0
        # Of several chunks with as many newlines before them (a line longer than a chunk) only the last holds the next.
        first_byte, first_line, *chunk = self._connection.execute(
            "SELECT first_byte, first_line, size_bytes, codec, pack, pack_at, packed_bytes, data FROM chunk"
            " WHERE log = ? AND first_line < ?"
            " ORDER BY first_line DESC, first_byte DESC LIMIT 1",
            (log, line),
        ).fetchone()
        text = self._unpacked(log_id, first_byte, chunk)
        rest = text.split(b"\n", line - first_line)[line - first_line]
        return int(first_byte) + len(text) - len(rest)

    def _chunks(self, log_id: UUID, log: int, from_byte: int, to_byte: int) -> Iterator[bytes]:
        """The bytes `from_byte` to `to_byte` of a log, a chunk at a time."""
        rows = self._connection.execute(
            "SELECT first_byte, size_bytes, codec, pack, pack_at, packed_bytes, data FROM chunk"
            " WHERE log = ?1 AND first_byte < ?3 AND first_byte >="
            " (SELECT max(first_byte) FROM chunk WHERE log = ?1 AND first_byte <= ?2) ORDER BY first_byte",
            (log, max(from_byte, 0), to_byte),
        )
        for first_byte, *chunk in rows:
            part = self._unpacked(log_id, first_byte, chunk)
            if first_byte < from_byte or first_byte + len(part) > to_byte:
                part = part[max(from_byte - first_byte, 0) : to_byte - first_byte]
            if part:
                yield part

    def _unpacked(self, log_id: UUID, first_byte: int, chunk: Sequence[Any]) -> bytes:
        data = self._codec.unpack(*chunk)
        if not self._checked.fits(log_id, first_byte, data):
            raise LogAlteredError(f"the bytes of log {log_id} from {first_byte} on aren't what they were")
        return data

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """See one state of the log: the ingest thread may merge chunks between two queries.

        Raises:
            LogAlteredError: What is stored can't be read.
        """
        try:
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")
        except UNREADABLE as error:
            kind = LogStoreUnavailableError if is_away(error) else LogAlteredError
            raise kind(f"the log can't be read: {error}") from error
