"""Reading what blocks, piece by piece, for a caller that must not block and may leave at any moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from typing import Any

import anyio.to_thread


async def read_in_threads(pieces: Generator[bytes]) -> AsyncGenerator[bytes]:
    """The same pieces, each read in a thread; `pieces` is closed as soon as nobody wants more of them.

    A caller that is cancelled leaves a thread behind that may be reading at that moment: closing waits for it, in a
    thread too. Left to the garbage collection, a file would stay open for as long as the cancellation's traceback is.
    """
    one_at_a_time = threading.Lock()

    def following() -> bytes | None:
        with one_at_a_time:
            return next(pieces, None)

    def close() -> None:
        with one_at_a_time:
            pieces.close()

    try:
        while (piece := await anyio.to_thread.run_sync(following)) is not None:
            yield piece
    finally:
        asyncio.get_running_loop().run_in_executor(None, close)


async def begun(pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The same pieces, the first of which is there: what can't be read is an error now, and not in mid-answer."""
    return _Begun(await anext(pieces, b""), pieces)


class _Begun(AsyncGenerator[bytes]):
    """Not a generator function: closing one that nobody has read from wouldn't close the rest."""

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes]) -> None:
        self._first: bytes | None = first
        self._rest = rest

    async def asend(self, value: None) -> bytes:
        first, self._first = self._first, None
        return first if first is not None else await self._rest.asend(value)

    async def athrow(self, *error: Any) -> bytes:
        self._first = None
        return await self._rest.athrow(*error)

    async def aclose(self) -> None:
        await self._rest.aclose()


async def no_pieces() -> AsyncGenerator[bytes]:
    """What there is of nothing."""
    nothing: tuple[bytes, ...] = ()
    for piece in nothing:
        yield piece
