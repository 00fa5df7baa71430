"""The log store of a single machine: one directory, one ingest thread, a few reader threads."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from buildledger.logs import schema
from buildledger.logs.away import is_away
from buildledger.logs.checking import CheckedLogs
from buildledger.logs.following import Watch, Watches
from buildledger.logs.ingest import Ingest
from buildledger.logs.reading import LogReader
from buildledger.logs.regex_process import search_in_process
from buildledger.logs.store import (
    LINES_MAX_BYTES,
    LogAlteredError,
    LogBytes,
    LogDigest,
    LogLines,
    LogSize,
    LogStoreUnavailableError,
    Pattern,
    SearchPage,
)

READER_THREADS = 4
SEARCH_SECONDS = 3.0
"""After this a search answers with what it has and where to go on."""

REGEX_SEARCHES_MAX = 2
"""Regular expressions searched at once; each takes a core."""

LOOK_SECONDS = 0.5
"""Between two looks at a log that another process writes."""

Answer = TypeVar("Answer")


class LogDirectory:
    """Reads the logs in `directory`, which this process or another one on the same machine writes.

    Threads start with the first use. Call `close` to stop them.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._readers = ThreadPoolExecutor(READER_THREADS, thread_name_prefix="log-reader")
        self._local = threading.local()
        self._checked = CheckedLogs()
        self._regex_searches = asyncio.Semaphore(REGEX_SEARCHES_MAX)

    async def check(self, log_id: UUID, said: LogDigest | None) -> None:
        """See `LogStore.check`."""
        await self._read(lambda reader: reader.check(log_id, said))

    async def size(self, log_id: UUID) -> LogSize:
        """See `LogStore.size`."""
        return await self._read(lambda reader: reader.size(log_id))

    async def lines(self, log_id: UUID, first: int, last: int, max_bytes: int = LINES_MAX_BYTES) -> LogLines:
        """See `LogStore.lines`."""
        return await self._read(lambda reader: reader.lines(log_id, max(first, 0), last, max_bytes))

    async def raw(self, log_id: UUID, from_byte: int = 0, to_byte: int | None = None) -> AsyncGenerator[bytes]:
        """See `LogStore.raw`."""
        at = max(from_byte, 0)
        while piece := await self._read(partial(LogReader.piece, log_id=log_id, from_byte=at, to_byte=to_byte)):
            yield piece
            at += len(piece)

    async def search(self, log_id: UUID, pattern: Pattern, limit: int = 100, from_line: int = 0) -> SearchPage:
        """See `LogStore.search`."""
        if pattern.regex:
            async with self._regex_searches:
                parts = self._checked.parts(log_id)
                return await search_in_process(
                    self._directory, log_id, pattern, limit, from_line, SEARCH_SECONDS, parts
                )
        until = time.monotonic() + SEARCH_SECONDS
        return await self._read(
            lambda reader: reader.search(log_id, pattern, limit, max(from_line, 0), lambda: time.monotonic() > until)
        )

    async def follow(self, log_id: UUID) -> AsyncIterator[LogSize]:
        """See `LogStore.follow`: looks now and then, for nobody tells when another process has written."""
        seen = None
        while True:
            size = await self.size(log_id)
            if size != seen:
                yield size
            if size.finished:
                return
            seen = size
            await asyncio.sleep(LOOK_SECONDS)

    def close(self) -> None:
        """Stop reading; blocks until done."""
        self._readers.shutdown()

    async def _read(self, question: Callable[[LogReader], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._ask, question)

    def _ask(self, question: Callable[[LogReader], Answer]) -> Answer:
        reader: LogReader | None = getattr(self._local, "reader", None)
        try:
            if reader is None:
                reader = self._local.reader = LogReader(self._directory, self._checked)
            return question(reader)
        except (sqlite3.Error, OSError) as error:
            kind = LogStoreUnavailableError if is_away(error) else LogAlteredError
            raise kind(f"{self._directory / schema.DATABASE_NAME} can't be read: {error}") from error


class LocalLogStore(LogDirectory):
    """Keeps logs in `directory`; implements `LogStore`.

    Opening it recovers from a crash: what was acknowledged is there, what was not is gone as if it had never been sent.
    """

    def __init__(self, directory: Path) -> None:
        self._watches = Watches()
        self._ingest = Ingest(directory, self._watches.tell)
        super().__init__(directory)

    async def append(self, entries: Sequence[LogBytes], finish: Sequence[UUID] = ()) -> Sequence[LogDigest]:
        """See `LogStore.append`."""
        return await self._ingest.append(entries, finish)

    async def follow(self, log_id: UUID) -> AsyncIterator[LogSize]:
        """See `LogStore.follow`."""
        with self._watches.watch(log_id) as watch:
            seen = None
            while True:
                size = await self.size(log_id)
                if size != seen:
                    yield size
                if size.finished:
                    return
                seen = size
                await watch.grown()

    def watching(self, log_id: UUID) -> AbstractContextManager[Watch]:
        """Be woken whenever a log grows here, for as long as the context lasts."""
        return self._watches.watch(log_id)

    def close(self) -> None:
        """Commit what was handed in and stop; blocks until done."""
        self._ingest.close()
        super().close()
