"""A log whose worker goes from server to server, and those who read it meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from uuid import UUID

import pytest

from buildledger.logs.local import LocalLogStore
from buildledger.logs.shared import SharedLogStore
from buildledger.logs.store import LogBytes, LogHoleError, LogStoreUnavailableError
from tests.fakes.ports import free_port
from tests.peers.answering import PLACE, Answering, Asked, answering

LOG = UUID(int=5)


class Reader:
    """Follows a log as the dashboard does: asks for what is new whenever it is told that there is."""

    def __init__(self, store: SharedLogStore) -> None:
        self.text = b""
        self.sizes: list[int] = []
        self._store = store
        self._task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        async with aclosing(self._store.follow(LOG)) as sizes:
            async for size in sizes:
                self.sizes.append(size.size_bytes)
                async for piece in self._store.raw(LOG, len(self.text), size.size_bytes):
                    self.text += piece

    async def has(self, text: bytes) -> None:
        """Wait until it has read that."""
        async with asyncio.timeout(20):
            while self.text != text:
                assert not self._task.done(), self._task.exception()
                await asyncio.sleep(0.01)

    async def ends(self) -> None:
        """Wait until the log has ended."""
        async with asyncio.timeout(20):
            await self._task
        assert self.sizes == sorted(set(self.sizes)), "each growth once"


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[tuple[Answering, Answering]]:
    """Two servers on machines of their own."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with answering(tmp_path / "one") as one, answering(tmp_path / "two") as other:
        yield one, other


def piece(offset: int, data: bytes) -> LogBytes:
    """A part of the log."""
    return LogBytes(log_id=LOG, offset=offset, data=data)


async def test_whoever_follows_a_log_goes_with_it(two: tuple[Answering, Answering]) -> None:
    """From one server to the other and back: readers at both get every byte once, and the end."""
    stores = [SharedLogStore(me.logs, Asked(you.peer), look_seconds=0.02) for me, you in (two, two[::-1])]
    await stores[0].append([piece(0, b"one, ")])
    readers = [Reader(store) for store in stores]
    for reader in readers:
        await reader.has(b"one, ")
    await stores[1].append([piece(5, b"two, ")])
    for reader in readers:
        await reader.has(b"one, two, ")
    await stores[0].append([piece(10, b"three.")], [LOG])
    for reader in readers:
        await reader.ends()
        assert reader.text == b"one, two, three."


async def test_whoever_follows_waits_for_a_server_that_returns(tmp_path: Path) -> None:
    """The log's server is away for a while: its reader elsewhere misses nothing."""
    own, port = LocalLogStore(tmp_path / "own" / "logs"), free_port()
    others = Asked()
    store = SharedLogStore(own, others, look_seconds=0.02)
    (tmp_path / "two").mkdir()
    async with answering(tmp_path / "two", port) as other:
        others.known = [other.peer]
        await other.logs.append([piece(0, b"begun, ")])
        reader = Reader(store)
        await reader.has(b"begun, ")
        others.known, others.without = [], {PLACE: f"{PLACE}: its server doesn't run"}
    async with answering(tmp_path / "two", port) as other:
        await other.logs.append([piece(7, b"ended.")], [LOG])
        others.known, others.without = [other.peer], {}
        await reader.ends()
        assert reader.text == b"begun, ended."
    own.close()


async def test_a_log_waits_for_the_server_that_has_its_beginning(tmp_path: Path) -> None:
    """It can't be kept until that is back: the worker, which isn't told that it was, sends it again."""
    own, others = (
        LocalLogStore(tmp_path / "own" / "logs"),
        Asked(unreadable={PLACE: f"{PLACE}: its server doesn't run"}),
    )
    store = SharedLogStore(own, others)
    for entries, finish in (([piece(7, b"ended.")], [LOG]), ([], [LOG])):
        with pytest.raises(LogStoreUnavailableError, match="its server doesn't run"):
            await store.append(entries, finish)
    (tmp_path / "two").mkdir()
    async with answering(tmp_path / "two") as other:
        await other.logs.append([piece(0, b"begun, ")])
        others.known, others.without = [other.peer], {}
        (digest,) = await store.append([piece(7, b"ended.")], [LOG])
    assert digest.size_bytes == 13
    own.close()


async def test_a_server_that_stays_away_is_not_waited_for(tmp_path: Path) -> None:
    """After a time the log is without its beginning, and its run ends; other logs never wait."""
    own, others = LocalLogStore(tmp_path / "own" / "logs"), Asked(unreadable={PLACE: "away"})
    store = SharedLogStore(own, others, return_seconds=0.0)
    with pytest.raises(LogHoleError):
        await store.append([piece(7, b"ended.")])
    patient = SharedLogStore(own, others)
    (whole,) = await patient.append([LogBytes(log_id=UUID(int=6), offset=0, data=b"whole")], [UUID(int=6)])
    await patient.append([LogBytes(log_id=UUID(int=7), offset=0, data=b"begun")])
    (begun,) = await patient.append([], [UUID(int=7)])
    assert (whole.size_bytes, begun.size_bytes) == (5, 5)
    own.close()
