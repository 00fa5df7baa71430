"""Server-sent events: how they look, and a response that cuts off whoever doesn't read them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from fastapi import Response
from starlette.types import Receive, Scope, Send

from buildledger.api.http.problems import Busy

HEARTBEAT_SECONDS = 15.0
"""A comment is sent after so long a silence, so that proxies and clients know that the stream lives."""
SLOW_SECONDS = 20.0
"""A client that takes nothing for so long is cut off; it comes back with the last id it has seen."""
STREAMS_MAX = 500
"""Of one process, all clients together."""
RETRY_MILLISECONDS = 1_000
STREAM_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Server-sent events.", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
}

_encoder = msgspec.json.Encoder()


def event(kind: str, key: int, data: object) -> bytes:
    """One event. JSON has no line breaks, so one line of data is enough."""
    return b"event: %b\nid: %d\ndata: %b\n\n" % (kind.encode(), key, _encoder.encode(data))


class Streams:
    """All streams of one application: how many there are, and that they have to end."""

    def __init__(self) -> None:
        self.count = 0
        self.ending = asyncio.Event()

    def close(self) -> None:
        """End them all, now, and refuse others: call it before the server stops, which waits for its answers."""
        self.ending.set()


class EventStream(Response):
    """Sends what an iterator yields. Holds one piece in memory for each client: what isn't taken isn't made."""

    def __init__(
        self, streams: Streams, pieces: AsyncGenerator[bytes, None], *, slow_seconds: float = SLOW_SECONDS
    ) -> None:
        """Raises: Busy."""
        if streams.count >= STREAMS_MAX:
            raise Busy(f"{STREAMS_MAX} streams are open already")
        super().__init__(
            media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        del self.headers["content-length"]
        self._streams = streams
        self._pieces = pieces
        self._slow_seconds = slow_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification; ends when the client leaves or is too slow, or there is no more to tell."""
        self._streams.count += 1
        sending = asyncio.create_task(self._send(send))
        ends = {asyncio.create_task(_left(receive)), asyncio.create_task(self._streams.ending.wait()), sending}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._streams.count -= 1
            for task in ends:
                task.cancel()
        with contextlib.suppress(asyncio.CancelledError, TimeoutError):
            await sending
        if self._streams.ending.is_set():
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await self._give(send, b"retry: %d\n\n" % RETRY_MILLISECONDS)
        beating = _with_heartbeats(self._pieces)
        async with contextlib.aclosing(beating):
            async for piece in beating:
                await self._give(send, piece)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _give(self, send: Send, piece: bytes) -> None:
        """Raises: TimeoutError if the client doesn't take it."""
        async with asyncio.timeout(self._slow_seconds):
            await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _with_heartbeats(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    upcoming: asyncio.Future[bytes] | None = None
    try:
        while True:
            upcoming = upcoming or asyncio.ensure_future(_next(pieces))
            done, _ = await asyncio.wait({upcoming}, timeout=HEARTBEAT_SECONDS)
            if not done:
                yield b": still here\n\n"
                continue
            try:
                piece = upcoming.result()
            except StopAsyncIteration:
                return
            upcoming = None
            yield piece
    finally:
        if upcoming is not None:
            upcoming.cancel()
            await asyncio.gather(upcoming, return_exceptions=True)
        await pieces.aclose()


async def _next(pieces: AsyncGenerator[bytes, None]) -> bytes:
    return await anext(pieces)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
