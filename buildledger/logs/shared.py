"""The logs of all servers of one ledger: written to this one's store, read wherever they are.

A worker that comes over from another server goes on with a log in the middle. What the other store has of it is copied
first, so that a log is whole in the store where it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

from buildledger.logs.elsewhere import OtherStores, StoredElsewhereError
from buildledger.logs.local import LocalLogStore, LogDirectory
from buildledger.logs.schema import DATABASE_NAME
from buildledger.logs.store import (
    LINES_MAX_BYTES,
    LogBytes,
    LogDigest,
    LogHoleError,
    LogLines,
    LogMissingError,
    LogSize,
    Pattern,
    SearchPage,
)

LOGS = "logs"
"""The store's directory in a server's state directory."""


class SharedLogStore:
    """Implements `LogStore`. Call `close` at the end; the own store is closed by whoever opened it."""

    def __init__(self, own: LocalLogStore, others: OtherStores) -> None:
        self._own = own
        self._others = others
        self._opened: dict[Path, LogDirectory] = {}

    async def append(self, entries: Sequence[LogBytes], finish: Sequence[UUID] = ()) -> Sequence[LogDigest]:
        """See `LogStore.append`."""
        for log_id in finish:
            await self._bring(log_id)
        while True:
            try:
                return await self._own.append(entries, finish)
            except LogHoleError as hole:
                if not await self._bring(hole.log_id):
                    raise

    async def check(self, log_id: UUID, said: LogDigest | None) -> None:
        """See `LogStore.check`.

        Raises:
            StoredElsewhereError: It isn't here, and there are stores that can't be read.
        """
        try:
            await (await self._store_of(log_id)).check(log_id, said)
        except LogMissingError:
            if unreadable := self._others.unreadable():
                raise StoredElsewhereError(f"log {log_id}", unreadable) from None
            raise

    async def size(self, log_id: UUID) -> LogSize:
        """See `LogStore.size`."""
        return await (await self._store_of(log_id)).size(log_id)

    async def lines(self, log_id: UUID, first: int, last: int, max_bytes: int = LINES_MAX_BYTES) -> LogLines:
        """See `LogStore.lines`."""
        return await (await self._store_of(log_id)).lines(log_id, first, last, max_bytes)

    async def raw(self, log_id: UUID, from_byte: int = 0, to_byte: int | None = None) -> AsyncIterator[bytes]:
        """See `LogStore.raw`."""
        async for piece in (await self._store_of(log_id)).raw(log_id, from_byte, to_byte):
            yield piece

    async def search(self, log_id: UUID, pattern: Pattern, limit: int = 100, from_line: int = 0) -> SearchPage:
        """See `LogStore.search`."""
        return await (await self._store_of(log_id)).search(log_id, pattern, limit, from_line)

    async def follow(self, log_id: UUID) -> AsyncIterator[LogSize]:
        """See `LogStore.follow`."""
        async for size in (await self._store_of(log_id)).follow(log_id):
            yield size

    def close(self) -> None:
        """Stop reading the other stores; blocks until done."""
        for each in self._opened.values():
            each.close()

    async def _store_of(self, log_id: UUID) -> LogDirectory:
        """Where most of a log is; the own store knows best of those that ended there."""
        store: LogDirectory = self._own
        most = await self._own.size(log_id)
        if most.finished:
            return store
        for other in await asyncio.to_thread(self._readable):
            size = await other.size(log_id)
            if (size.finished, size.size_bytes) > (most.finished, most.size_bytes):
                store, most = other, size
        return store

    async def _bring(self, log_id: UUID) -> bool:
        """Copy what another store has beyond the own; False if that is nothing."""
        store = await self._store_of(log_id)
        if store is self._own:
            return False
        at = (await self._own.size(log_id)).size_bytes
        brought = False
        async for piece in store.raw(log_id, at):
            await self._own.append([LogBytes(log_id=log_id, offset=at, data=piece)])
            at += len(piece)
            brought = True
        return brought

    def _readable(self) -> list[LogDirectory]:
        """The other stores that can be read; blocks for a look at the disk."""
        found = []
        for state in self._others.readable():
            directory = state / LOGS
            if directory not in self._opened:
                if not (directory / DATABASE_NAME).exists():
                    continue
                self._opened[directory] = LogDirectory(directory)
            found.append(self._opened[directory])
        return found
