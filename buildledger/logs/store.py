"""The port of the log store: what every store of step output promises.

Bytes are addressed by `(log_id, offset)`, so repeating an append is harmless. Lines are counted from 0 and end with
`\\n`; a last line without one counts as a line. A log that nobody wrote to is an empty log.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Protocol
from uuid import UUID

from msgspec import Struct

LINES_MAX_BYTES = 4 * 1024 * 1024
"""What `LogStore.lines` returns at most unless the caller asks for more."""


class LogBytes(Struct, frozen=True, kw_only=True):
    """Bytes of one log and where they belong in it."""

    log_id: UUID
    offset: int
    data: bytes


class LogSize(Struct, frozen=True, kw_only=True):
    """How far a log has grown; `finished` means that it never grows again."""

    size_bytes: int
    line_count: int
    finished: bool


class LogDigest(Struct, frozen=True, kw_only=True):
    """What a finished log is: its length, its lines and the SHA-256 of all its bytes in hexadecimal."""

    size_bytes: int
    line_count: int
    sha256: str


class LogLines(Struct, frozen=True, kw_only=True):
    """Consecutive lines without their newlines, the first of them being line `first`.

    `cut` says that the limit of bytes ended the answer early; the last line may then be only a beginning.
    """

    first: int
    lines: Sequence[bytes]
    cut: bool


class SearchHit(Struct, frozen=True, kw_only=True):
    """The first match in a line: bytes `start` to `end` of that line, with `text` around it.

    `text` is the line from its byte `text_start` on, shortened when the line is long.
    """

    line: int
    start: int
    end: int
    text: bytes
    text_start: int


class SearchPage(Struct, frozen=True, kw_only=True):
    """Hits in the order of lines; `next_line` is where to go on, None when the log is searched to its end."""

    hits: Sequence[SearchHit]
    next_line: int | None


class Pattern(Struct, frozen=True, kw_only=True):
    """What to search for: literal bytes, or a regular expression over bytes (Python's `re`, within one line)."""

    text: bytes
    regex: bool = False
    ignore_case: bool = False


class LogStoreError(Exception):
    """A log store could not do what was asked."""


class LogHoleError(LogStoreError):
    """An append left a gap: the log goes on at `expected_offset`."""

    def __init__(self, log_id: UUID, expected_offset: int, offset: int) -> None:
        super().__init__(f"log {log_id} goes on at byte {expected_offset}, not at {offset}")
        self.log_id = log_id
        self.expected_offset = expected_offset
        self.offset = offset


class LogFinishedError(LogStoreError):
    """An append would have grown a log that is finished."""

    def __init__(self, log_id: UUID, size_bytes: int) -> None:
        super().__init__(f"log {log_id} was finished at {size_bytes} bytes and cannot grow")
        self.log_id = log_id
        self.size_bytes = size_bytes


class LogStoreUnavailableError(LogStoreError):
    """The store can't be used at the moment (a full disk, for one); nothing of the call was stored. Try again later."""


class LogMissingError(LogStoreError):
    """The bytes of a log that was stored are not in the store."""


class LogAlteredError(LogStoreError):
    """The bytes of a log are not those that were stored, or can't be read."""


class BadPatternError(LogStoreError):
    """A search pattern is not a regular expression, or takes too long to match."""


class LogStore(Protocol):
    """Keeps the output of steps as logs, each a growing sequence of bytes under an id."""

    async def append(self, entries: Sequence[LogBytes], finish: Sequence[UUID] = ()) -> Sequence[LogDigest]:
        """Store `entries`, then close the logs in `finish` for good: all or nothing, and durable when this returns.

        Answers what each finished log is, in the order asked; finishing again answers the same.
        Bytes that are already held are ignored, an overlap is trimmed. Entries of one log must come in order. Calls
        that arrive together share one commit.

        Raises:
            LogHoleError: an entry begins beyond the end of its log.
            LogFinishedError: an entry would grow a finished log.
            LogStoreUnavailableError: the disk is full or fails.
        """
        ...

    async def check(self, log_id: UUID, said: LogDigest | None) -> None:
        """Make sure that a log is here and, if it is finished, is what its fact says: `said`.

        Cheap when it was checked before: from then on each part that is read is compared with what it was.

        Raises:
            LogMissingError: Its bytes are not here.
            LogAlteredError: They are others than they were; also raised by every later read that meets such.
        """
        ...

    async def size(self, log_id: UUID) -> LogSize:
        """How much of a log is durable."""
        ...

    async def lines(self, log_id: UUID, first: int, last: int, max_bytes: int = LINES_MAX_BYTES) -> LogLines:
        """Lines `first` (counted from 0) up to but not including `last`."""
        ...

    def raw(self, log_id: UUID, from_byte: int = 0, to_byte: int | None = None) -> AsyncGenerator[bytes]:
        """The bytes of a log in pieces of about a megabyte, up to what is durable when the piece is read."""
        ...

    async def search(self, log_id: UUID, pattern: Pattern, limit: int = 100, from_line: int = 0) -> SearchPage:
        """The lines from `from_line` on that match, at most `limit`.

        Raises:
            BadPatternError: the pattern does not compile, or ran out of its time.
        """
        ...

    def follow(self, log_id: UUID) -> AsyncIterator[LogSize]:
        """The size of a log: at once, then whenever it has grown, until it is finished.

        Growth between two looks is reported once, so a slow reader never holds up the writer.
        """
        ...
