"""The ingest thread: what arrives while one commit runs forms the next (group commit).

Callers live on event loops; each loop is woken once per commit, however many of its callers are answered.
"""

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from buildledger.logs import schema
from buildledger.logs.chunks import ChunkWriter
from buildledger.logs.store import LogBytes, LogDigest, LogStoreError, LogStoreUnavailableError

BATCH_MAX_BYTES = 8 * 1024 * 1024
"""What one commit takes at most; bounds both memory and the time to the first answer."""

_CALL_OVERHEAD_BYTES = 256
_log = logging.getLogger(__name__)


class _Call:
    """Entries to append and logs to finish, and who waits for the digests."""

    __slots__ = ("entries", "finish", "future", "loop", "size_bytes")

    def __init__(self, entries: Sequence[LogBytes], finish: Sequence[UUID]) -> None:
        self.loop: Final = asyncio.get_running_loop()
        self.future: Final[asyncio.Future[Sequence[LogDigest]]] = self.loop.create_future()
        self.entries: Final = entries
        self.finish: Final = finish
        self.size_bytes: Final = _CALL_OVERHEAD_BYTES + sum(len(entry.data) for entry in entries)


_Answer = tuple[Sequence[LogDigest], Exception | None]


class Ingest:
    """Owns the writing connection and the thread that uses it.

    `on_growth` is called on the ingest thread after each commit with the logs that grew or finished.
    """

    def __init__(self, directory: Path, on_growth: Callable[[set[UUID]], None]) -> None:
        self._connection = schema.open_writer(directory)
        self._writer = ChunkWriter(self._connection, schema.packs_directory(directory))
        self._on_growth = on_growth
        self._wal = directory / f"{schema.DATABASE_NAME}-wal"
        self._calls: deque[_Call] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="log-ingest", daemon=True)
        self._thread.start()

    async def append(self, entries: Sequence[LogBytes], finish: Sequence[UUID]) -> Sequence[LogDigest]:
        """Store entries and finish logs in the next batch; returns when that is durable."""
        call = _Call(entries, finish)
        with self._wake:
            if self._closing:
                raise LogStoreUnavailableError("the log store is closed")
            self._calls.append(call)
            self._wake.notify()
        return await call.future

    def close(self) -> None:
        """Commit what was handed in, then stop. Blocks; calls made later are refused."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            answers, grown = self._commit(batch)
            loops: dict[asyncio.AbstractEventLoop, list[tuple[_Call, _Answer]]] = {}
            for call, answer in zip(batch, answers, strict=True):
                loops.setdefault(call.loop, []).append((call, answer))
            for loop, answered in loops.items():
                try:
                    loop.call_soon_threadsafe(_settle, answered)
                except RuntimeError:
                    _log.warning("an event loop closed before %d of its log writes were answered", len(answered))
            if grown:
                self._on_growth(grown)
            if self._writer.bytes_since_checkpoint >= schema.CHECKPOINT_BYTES:
                self._checkpoint()
        self._writer.close()
        with contextlib.suppress(sqlite3.Error):
            # whoever copies only the database's file has everything then, unless somebody is reading
            self._connection.execute("PRAGMA busy_timeout=0")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._connection.close()

    def _next_batch(self) -> list[_Call]:
        """Wait for calls and take up to a batch of them; empty when the store is closing and all is done."""
        with self._wake:
            while not self._calls and not self._closing:
                self._wake.wait()
            batch: list[_Call] = []
            size_bytes = 0
            while self._calls and size_bytes < BATCH_MAX_BYTES:
                call = self._calls.popleft()
                batch.append(call)
                size_bytes += call.size_bytes
            return batch

    def _commit(self, batch: list[_Call]) -> tuple[list[_Answer], set[UUID]]:
        """Do the calls in one transaction: a call that is wrong fails alone, a failing disk fails them all."""
        answers: list[_Answer] = []
        writer = self._writer
        try:
            writer.begin()
            for call in batch:
                try:
                    writer.admit(call.entries)
                    answers.append(([writer.finish(log_id) for log_id in call.finish], None))
                except LogStoreError as error:
                    answers.append(((), error))
            grown = writer.commit()
        except Exception as error:
            if not self._failing:
                foreseen = isinstance(error, sqlite3.Error | OSError)
                said = "cannot write logs; nothing that was acknowledged is lost: %s"
                _log.error(said, error, exc_info=None if foreseen else error)
            self._failing = True
            self._roll_back()
            return [((), _unavailable(error)) for _ in batch], set()
        if self._failing:
            _log.warning("logs can be written again")
            self._failing = False
        return answers, grown

    def _roll_back(self) -> None:
        try:
            self._writer.rollback()
        except sqlite3.Error as error:
            _log.error("cannot roll back the log store: %s", error)

    def _checkpoint(self) -> None:
        """Move pages from the write-ahead log to the database, so that the former is reused from its start.

        Readers in the middle of a query keep it from being reused; when it has grown well beyond its size, wait for
        them.
        """
        self._writer.bytes_since_checkpoint = 0
        try:
            patient = self._wal.stat().st_size > 4 * schema.CHECKPOINT_BYTES
            self._connection.execute(f"PRAGMA wal_checkpoint({'RESTART' if patient else 'PASSIVE'})").fetchall()
        except (sqlite3.Error, OSError) as error:
            _log.error("cannot checkpoint the log store; it is tried again later: %s", error)


def _unavailable(error: Exception) -> LogStoreUnavailableError:
    unavailable = LogStoreUnavailableError(f"the log store cannot write: {error}")
    unavailable.__cause__ = error
    return unavailable


def _settle(answered: list[tuple[_Call, _Answer]]) -> None:
    for call, (digests, error) in answered:
        if call.future.done():
            continue
        if error is None:
            call.future.set_result(digests)
        else:
            call.future.set_exception(error)
