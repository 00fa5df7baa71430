"""The logs of all servers of one ledger: written to this one's store, read wherever they are.

A worker that comes over from another server goes on with a log in the middle. What the other store has of it is copied
first, so that a log is whole in the store where it ends.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from buildledger.logs.elsewhere import AwayError, LogReading, OtherStores, StoredElsewhereError
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
    LogStoreUnavailableError,
    Pattern,
    SearchPage,
)

LOGS = "logs"
"""The store's directory in a server's state directory."""
LOOK_SECONDS = 0.5
"""Between two looks whether a log that is followed has grown at another server."""
ALONE_LOOK_SECONDS = 5.0
"""The same while no other server is known: growth here is told at once."""
RETURN_SECONDS = 60.0
"""So long the server that has the beginning of a log is waited for before the rest counts as without a beginning."""
PLACES_MAX = 10_000
"""Logs of which it is remembered which other server has them."""

Answer = TypeVar("Answer")


class SharedLogStore:
    """Implements `LogStore`. Call `close` at the end; the own store is closed by whoever opened it.

    Whatever reads raises `StoredElsewhereError` if the server that has the log doesn't answer.
    """

    def __init__(
        self,
        own: LocalLogStore,
        others: OtherStores,
        *,
        look_seconds: float = LOOK_SECONDS,
        return_seconds: float = RETURN_SECONDS,
    ) -> None:
        self._own = own
        self._others = others
        self._look_seconds = look_seconds
        self._return_seconds = return_seconds
        self._opened: dict[Path, LogDirectory] = {}
        self._places: OrderedDict[UUID, str] = OrderedDict()
        self._waited_since: dict[UUID, float] = {}
        """Logs that can't go on because the server with their beginning is away."""

    async def append(self, entries: Sequence[LogBytes], finish: Sequence[UUID] = ()) -> Sequence[LogDigest]:
        """See `LogStore.append`."""
        here = {entry.log_id for entry in entries}
        await asyncio.gather(*[self._bring_for_end(log_id) for log_id in finish if log_id not in here])
        while True:
            try:
                return await self._own.append(entries, finish)
            except LogHoleError as hole:
                if not await self._bring(hole.log_id):
                    raise

    async def check(self, log_id: UUID, said: LogDigest | None) -> None:
        """See `LogStore.check`."""
        store, size, away = await self._find(log_id)
        if said is not None and not size.finished and away:
            # what is here is the beginning of a log that has ended at another server
            raise StoredElsewhereError(f"log {log_id}", away.values())
        try:
            await _asked(store.check(log_id, said), log_id)
        except LogMissingError:
            if away:
                raise StoredElsewhereError(f"log {log_id}", away.values()) from None
            raise

    async def size(self, log_id: UUID) -> LogSize:
        """See `LogStore.size`."""
        _, size = await self._place_of(log_id)
        return size

    async def lines(self, log_id: UUID, first: int, last: int, max_bytes: int = LINES_MAX_BYTES) -> LogLines:
        """See `LogStore.lines`."""
        store, _ = await self._place_of(log_id)
        return await _asked(store.lines(log_id, first, last, max_bytes), log_id)

    async def raw(self, log_id: UUID, from_byte: int = 0, to_byte: int | None = None) -> AsyncGenerator[bytes]:
        """See `LogStore.raw`."""
        store, _ = await self._place_of(log_id)
        try:
            async with aclosing(store.raw(log_id, from_byte, to_byte)) as pieces:
                async for piece in pieces:
                    yield piece
        except AwayError as error:
            raise StoredElsewhereError(f"log {log_id}", [str(error)]) from None

    async def search(self, log_id: UUID, pattern: Pattern, limit: int = 100, from_line: int = 0) -> SearchPage:
        """See `LogStore.search`."""
        store, _ = await self._place_of(log_id)
        return await _asked(store.search(log_id, pattern, limit, from_line), log_id)

    async def follow(self, log_id: UUID) -> AsyncGenerator[LogSize]:
        """See `LogStore.follow`; it goes on where the log does, also when its worker goes to another server."""
        with self._own.watching(log_id) as watch:
            seen: LogSize | None = None
            while seen is None or not seen.finished:
                try:
                    _, size = await self._place_of(log_id)
                except StoredElsewhereError:
                    if seen is None:
                        raise
                    # it goes on when that server is back, or its worker at another one
                    size = seen
                while seen is None or _extent(size) > _extent(seen):
                    yield size
                    seen = size
                    if not seen.finished and await watch.grown(
                        ALONE_LOOK_SECONDS if self._is_alone() else self._look_seconds
                    ):
                        size = await self._own.size(log_id)

    def close(self) -> None:
        """Stop reading the other stores; blocks until done."""
        for each in self._opened.values():
            each.close()

    def _is_alone(self) -> bool:
        return not (self._others.readable() or self._others.peers() or self._others.unreadable())

    async def _place_of(self, log_id: UUID) -> tuple[LogReading, LogSize]:
        """Where most of a log is, and how much.

        Raises:
            StoredElsewhereError: The server that had most of it is away.
        """
        store, size, away = await self._find(log_id)
        place = self._places.get(log_id)
        if not size.finished and place is not None and place in away:
            raise StoredElsewhereError(f"log {log_id}", [away[place]])
        return store, size

    async def _find(self, log_id: UUID) -> tuple[LogReading, LogSize, Mapping[str, str]]:
        """Where most of a log is among what can be asked, how much, and who can't be asked, with the reason.

        The own store knows best of those that ended there.
        """
        store: LogReading = self._own
        most = await self._own.size(log_id)
        if most.finished:
            return store, most, {}
        for other in await asyncio.to_thread(self._readable):
            size = await other.size(log_id)
            if _extent(size) > _extent(most):
                store, most = other, size
        peers = () if most.finished else self._others.peers()
        place, away = None, {} if most.finished else dict(self._others.unreadable())
        answers = await asyncio.gather(*[each.logs.size(log_id) for each in peers], return_exceptions=True)
        for peer, answer in zip(peers, answers, strict=True):
            if isinstance(answer, AwayError):
                away[peer.place] = str(answer)
            elif isinstance(answer, BaseException):
                raise answer
            elif _extent(answer) > _extent(most):
                store, most, place = peer.logs, answer, peer.place
        self._remember(log_id, place, away)
        return store, most, away

    def _remember(self, log_id: UUID, place: str | None, away: Mapping[str, str]) -> None:
        """Keep in mind which other server has most of a log, as long as nobody has more."""
        if place is not None:
            self._places[log_id] = place
            self._places.move_to_end(log_id)
            if len(self._places) > PLACES_MAX:
                self._places.popitem(last=False)
        elif self._places.get(log_id) not in away:
            self._places.pop(log_id, None)

    async def _bring_for_end(self, log_id: UUID) -> None:
        """Have the rest of a log that ends; one that has output, and none of it here, has begun elsewhere."""
        await self._bring(log_id, must_be_there=not (await self._own.size(log_id)).size_bytes)

    async def _bring(self, log_id: UUID, *, must_be_there: bool = True) -> bool:
        """Copy what another store has beyond the own; False if that is nothing.

        `must_be_there`: somebody has more than what is here.

        Raises:
            LogStoreUnavailableError: A server that may have it is away, and has been so for a short time only.
        """
        store, _, away = await self._find(log_id)
        if store is self._own:
            if must_be_there or self._places.get(log_id) in away:
                self._wait_for(log_id, away)
            return False
        at = (await self._own.size(log_id)).size_bytes
        brought = False
        try:
            async with aclosing(store.raw(log_id, at)) as pieces:
                async for piece in pieces:
                    await self._own.append([LogBytes(log_id=log_id, offset=at, data=piece)])
                    at += len(piece)
                    brought = True
        except AwayError as error:
            self._wait_for(log_id, {"": str(error)})
        self._waited_since.pop(log_id, None)
        return brought

    def _wait_for(self, log_id: UUID, away: Mapping[str, str]) -> None:
        if not away:
            self._waited_since.pop(log_id, None)
            return
        since = self._waited_since.setdefault(log_id, time.monotonic())
        if time.monotonic() - since < self._return_seconds:
            raise LogStoreUnavailableError(f"log {log_id} may have begun on {', '.join(away.values())}")
        del self._waited_since[log_id]

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


def _extent(size: LogSize) -> tuple[bool, int]:
    """What grows: how far a log has come."""
    return size.finished, size.size_bytes


async def _asked(answer: Awaitable[Answer], log_id: UUID) -> Answer:
    """The same answer.

    Raises:
        StoredElsewhereError: Who has the log is away.
    """
    try:
        return await answer
    except AwayError as error:
        raise StoredElsewhereError(f"log {log_id}", [str(error)]) from None
