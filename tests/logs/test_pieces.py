"""Reading in threads ends when its caller leaves: at a piece, while one is read, or at an error."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import aclosing
from pathlib import Path

import pytest

from buildledger.logs.pieces import begun, no_pieces, read_in_threads

DEADLINE_SECONDS = 20.0


class Source:
    """Pieces that somebody goes on to refer to, so that nothing but `close` ends them."""

    def __init__(self) -> None:
        self.go_on, self.reading, self.closed = threading.Event(), threading.Event(), threading.Event()
        self.pieces = self._read()

    def _read(self) -> Generator[bytes]:
        try:
            yield b"a"
            self.reading.set()
            self.go_on.wait(DEADLINE_SECONDS)
            yield b"b"
        finally:
            self.closed.set()

    async def is_closed(self) -> bool:
        """Whether it is soon."""
        return await asyncio.to_thread(self.closed.wait, DEADLINE_SECONDS)


async def test_all_pieces_come_in_order() -> None:
    """Then it is closed."""
    source = Source()
    source.go_on.set()
    assert [piece async for piece in await begun(read_in_threads(source.pieces))] == [b"a", b"b"]
    assert await source.is_closed()
    assert [piece async for piece in no_pieces()] == []


async def test_who_has_enough_leaves_nothing_open() -> None:
    """The rest is never read."""
    source = Source()
    async with aclosing(await begun(read_in_threads(source.pieces))) as pieces:
        assert await anext(pieces) == b"a"
    assert await source.is_closed()
    assert not source.reading.is_set()


async def test_who_wants_nothing_leaves_nothing_open() -> None:
    """The first piece was read all the same."""
    source = Source()
    await (await begun(read_in_threads(source.pieces))).aclose()
    assert await source.is_closed()


async def test_who_is_cancelled_while_a_piece_is_read_leaves_nothing_open() -> None:
    """It is closed when the thread that reads at that moment has come back."""
    source = Source()

    async def read() -> None:
        async for _ in read_in_threads(source.pieces):
            pass

    task = asyncio.create_task(read())
    await asyncio.to_thread(source.reading.wait, DEADLINE_SECONDS)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not source.closed.is_set()
    source.go_on.set()
    assert await source.is_closed()


async def test_what_cannot_be_read_is_an_error_before_the_first_piece(tmp_path: Path) -> None:
    """An answer that hasn't begun can say so."""

    def pieces(path: Path) -> Generator[bytes]:
        yield path.read_bytes()

    with pytest.raises(FileNotFoundError):
        await begun(read_in_threads(pieces(tmp_path / "gone")))
