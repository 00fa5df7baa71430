"""Reads whole logs to tell whether their bytes, lines and index are what was stored; changes nothing."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from buildledger.logs import schema
from buildledger.logs.codec import UNREADABLE, ChunkCodec
from buildledger.logs.packs import PackReader, pack_path
from buildledger.logs.store import LogAlteredError, LogDigest, LogMissingError


class LogExaminer:
    """Looks at the logs of a directory; used by one thread at a time."""

    def __init__(self, directory: Path) -> None:
        """Open what is there.

        Raises:
            LogMissingError: There is no store.
            LogAlteredError: It can't be read.
        """
        self._packs = schema.packs_directory(directory)
        if not (directory / schema.DATABASE_NAME).is_file():
            raise LogMissingError(f"{directory / schema.DATABASE_NAME} is missing")
        try:
            self._connection = open_to_read(directory)
        except sqlite3.Error as error:
            raise LogAlteredError(f"{directory / schema.DATABASE_NAME} can't be read: {error}") from error
        self._codec = ChunkCodec(PackReader(self._packs))

    def examine(self, log_id: UUID) -> LogDigest | None:
        """What a log is by its bytes; None for one that isn't finished.

        Raises:
            LogMissingError: The store knows nothing of it.
            LogAlteredError: What is stored contradicts itself or can't be read.
        """
        try:
            self._connection.execute("BEGIN")
            try:
                return self._examine(log_id)
            finally:
                self._connection.execute("COMMIT")
        except UNREADABLE as error:
            raise LogAlteredError(f"it can't be read: {error}") from error

    def pack_problems(self) -> Sequence[str]:
        """Which pack files don't hold what was acknowledged."""
        problems: list[str] = []
        try:
            for pack, end in self._connection.execute("SELECT pack, end_at FROM pack ORDER BY pack").fetchall():
                path = pack_path(self._packs, pack)
                if not path.is_file():
                    problems.append(f"{path} is missing")
                elif path.stat().st_size < end:
                    problems.append(f"{path} has {path.stat().st_size} bytes where {end} were acknowledged")
        except UNREADABLE as error:
            problems.append(f"the list of packs can't be read: {error}")
        return problems

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def _examine(self, log_id: UUID) -> LogDigest | None:
        row = self._connection.execute(
            "SELECT id, size_bytes, newlines, open_line, sha256 FROM log WHERE log_id = ?", (log_id.bytes,)
        ).fetchone()
        if row is None:
            raise LogMissingError("its bytes are gone")
        number, size_bytes, newlines, open_line, sha256 = row
        hasher = hashlib.sha256()
        read = lines = 0
        last = b"\n"
        for first_byte, first_line, *chunk in self._connection.execute(
            "SELECT first_byte, first_line, size_bytes, codec, pack, pack_at, packed_bytes, data FROM chunk"
            " WHERE log = ? ORDER BY first_byte",
            (number,),
        ):
            data = self._unpacked(chunk, first_byte)
            if (first_byte, first_line) != (read, lines):
                raise LogAlteredError(
                    f"a part of it stands at byte {first_byte}, line {first_line}, not {read}, {lines}"
                )
            hasher.update(data)
            read += len(data)
            lines += data.count(b"\n")
            last = data[-1:] or last
        if (read, lines, int(last != b"\n")) != (size_bytes, newlines, open_line):
            raise LogAlteredError(
                f"it has {read} bytes and {lines} lines where {size_bytes} and {newlines} are counted"
            )
        if sha256 is None:
            return None
        digest = LogDigest(size_bytes=read, line_count=lines + open_line, sha256=hasher.hexdigest())
        if sha256 != hasher.digest():
            raise LogAlteredError(f"its bytes have the digest {digest.sha256}, another one than when it was finished")
        return digest

    def _unpacked(self, chunk: Sequence[Any], first_byte: int) -> bytes:
        size, codec, pack, pack_at, packed_bytes, data = chunk
        unpacked = self._codec.unpack(size, codec, pack, pack_at, packed_bytes, data)
        if len(unpacked) != size:
            raise LogAlteredError(f"the part at byte {first_byte} has {len(unpacked)} bytes where {size} are counted")
        return unpacked


def open_to_read(directory: Path) -> sqlite3.Connection:
    """Open the database of a store, which may be a backup where nothing can be written.

    Raises:
        sqlite3.Error
    """
    path = directory / schema.DATABASE_NAME
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    try:
        return _checked(address)
    except sqlite3.OperationalError:
        # in write-ahead mode reading needs a file beside the database, unless nobody can be writing
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise
        return _checked(f"{address}&immutable=1")


def _checked(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout={schema.BUSY_MILLISECONDS}")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection
