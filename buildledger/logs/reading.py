"""Reading side of the local store: ranges of lines and bytes out of chunks.

Everything here blocks and is called on reader threads. A line is found through the index of newlines before each chunk,
so its cost does not depend on where in the log it is.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from msgspec import Struct

from buildledger.logs import schema
from buildledger.logs.codec import ChunkCodec
from buildledger.logs.packs import PackReader
from buildledger.logs.search import compile_pattern, search_chunks
from buildledger.logs.store import LogLines, LogSize, Pattern, SearchPage

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

    def __init__(self, directory: Path) -> None:
        self._connection = schema.open_reader(directory)
        self._codec = ChunkCodec(PackReader(schema.packs_directory(directory)))

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
            for part in self._chunks(row.id, self._line_start(row.id, first), row.size_bytes):
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
            for part in self._chunks(row.id, from_byte, row.size_bytes if to_byte is None else to_byte):
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
            chunks = self._chunks(row.id, self._line_start(row.id, from_line), row.size_bytes)
            return search_chunks(chunks, matcher, limit, from_line, expired)

    def _row(self, log_id: UUID) -> _Row:
        row = self._connection.execute(
            "SELECT id, size_bytes, newlines, open_line, sha256 IS NOT NULL FROM log WHERE log_id = ?", (log_id.bytes,)
        ).fetchone()
        return _Row(*row) if row else _NOTHING

    def _line_start(self, log: int, line: int) -> int:
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
        text = self._codec.unpack(*chunk)
        rest = text.split(b"\n", line - first_line)[line - first_line]
        return int(first_byte) + len(text) - len(rest)

    def _chunks(self, log: int, from_byte: int, to_byte: int) -> Iterator[bytes]:
        """The bytes `from_byte` to `to_byte` of a log, a chunk at a time."""
        rows = self._connection.execute(
            "SELECT first_byte, size_bytes, codec, pack, pack_at, packed_bytes, data FROM chunk"
            " WHERE log = ?1 AND first_byte < ?3 AND first_byte >="
            " (SELECT max(first_byte) FROM chunk WHERE log = ?1 AND first_byte <= ?2) ORDER BY first_byte",
            (log, max(from_byte, 0), to_byte),
        )
        for first_byte, *chunk in rows:
            part = self._codec.unpack(*chunk)
            if first_byte < from_byte or first_byte + len(part) > to_byte:
                part = part[max(from_byte - first_byte, 0) : to_byte - first_byte]
            if part:
                yield part

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """See one state of the log: the ingest thread may merge chunks between two queries."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("COMMIT")
