"""Server-sent events: their format, and a response that disconnects a client which doesn't read them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from fastapi import Response
from starlette.types import Receive, Scope, Send

from buildledger.api.http.problems import TooBusy
from buildledger.ledger.skipping import reason_of, traced
from buildledger.logs.store import LogStoreError

HEARTBEAT_SECONDS = 15.0
"""A comment is sent after so long a silence, so that proxies and clients know that the stream lives."""
SLOW_SECONDS = 20.0
"""A client that takes nothing for so long is disconnected; it comes back with the last id it has seen."""
STREAMS_MAX = 500
"""Of one process, all clients together."""
RETRY_MILLISECONDS = 1_000
STREAM_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Server-sent events.", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
}

_log = logging.getLogger(__name__)
_encoder = msgspec.json.Encoder()


def event(kind: str, key: int, data: object) -> bytes:
    """One event as it is sent. JSON has no line breaks, so one line of data is enough."""
    return b"event: %b\nid: %d\ndata: %b\n\n" % (kind.encode(), key, _encoder.encode(data))


class Streams:
    """All streams of one application: their limits, how many there are, and that they have to end."""

    def __init__(
        self,
        *,
        streams_max: int = STREAMS_MAX,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        slow_seconds: float = SLOW_SECONDS,
    ) -> None:
        self.streams_max = streams_max
        self.heartbeat_seconds = heartbeat_seconds
        self.slow_seconds = slow_seconds
        self.count = 0
        self.ending = asyncio.Event()

    def close(self) -> None:
        """End all streams; call it before the server stops, which would wait for them."""
        self.ending.set()


class EventStream(Response):
    """Sends what an iterator yields, one piece at a time: the next is made when the client has taken the one before."""

    def __init__(self, streams: Streams, pieces: AsyncGenerator[bytes, None]) -> None:
        """A response that sends these pieces.

        Raises:
            TooBusy: as many streams as may be are open.
        """
        if streams.count >= streams.streams_max:
            raise TooBusy(f"{streams.streams_max} streams are open already")
        super().__init__(
            media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        del self.headers["content-length"]
        self._streams = streams
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification; ends when the client leaves or is too slow, or there is no more to tell."""
        self._streams.count += 1
        sending = asyncio.create_task(self._send(send))
        ends = {asyncio.create_task(_disconnected(receive)), asyncio.create_task(self._streams.ending.wait()), sending}
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
        await self._send_piece(send, b"retry: %d\n\n" % RETRY_MILLISECONDS)
        beating = _with_heartbeats(self._pieces, self._streams.heartbeat_seconds)
        async with contextlib.aclosing(beating):
            async for piece in beating:
                await self._send_piece(send, piece)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_piece(self, send: Send, piece: bytes) -> None:
        """Send one piece.

        Raises:
            TimeoutError: the client doesn't take it.
        """
        async with asyncio.timeout(self._streams.slow_seconds):
            await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _with_heartbeats(
    pieces: AsyncGenerator[bytes, None], heartbeat_seconds: float
) -> AsyncGenerator[bytes, None]:
    upcoming: asyncio.Future[bytes] | None = None
    try:
        while True:
            upcoming = upcoming or asyncio.ensure_future(_next(pieces))
            done, _ = await asyncio.wait({upcoming}, timeout=heartbeat_seconds)
            if not done:
                yield b": still here\n\n"
                continue
            try:
                piece = upcoming.result()
            except StopAsyncIteration:
                return
            except Exception as error:
                # whoever listens comes back by itself, and is told as a problem what is the matter
                foreseen = isinstance(error, LogStoreError)
                said = "an event stream ends: %s"
                _log.warning(said, reason_of(error), exc_info=None if foreseen else traced(error))
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


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
