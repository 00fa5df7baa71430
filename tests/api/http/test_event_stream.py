"""Server-sent events: limits, heartbeats, and clients that don't read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator

import httpx
import pytest

from buildledger.api.http.event_stream import EventStream, Streams
from buildledger.logs.store import LogAlteredError
from tests.api.conftest import AUTHORIZED, Site
from tests.api.serving import DEADLINE_SECONDS, serving


async def test_a_silent_stream_shows_that_it_lives(site: Site) -> None:
    """Comments are sent while nothing happens."""
    site.app.state.streams = Streams(heartbeat_seconds=0.01)
    async with (
        serving(site.app) as url,
        httpx.AsyncClient(base_url=url, headers=AUTHORIZED) as client,
        client.stream("GET", "/api/v1/stream") as answer,
        asyncio.timeout(DEADLINE_SECONDS),
    ):
        comments = 0
        async for line in answer.aiter_lines():
            comments += line.startswith(":")
            if comments == 3:
                break


async def test_who_takes_nothing_is_cut_off(site: Site) -> None:
    """A client that doesn't read is let go after a while, and the server holds one piece for it, not the history."""
    made = 0

    async def endless() -> object:
        nonlocal made
        while True:
            made += 1
            yield b"x" * 10_000

    taken = asyncio.Event()

    async def stuck(message: dict[str, object]) -> None:
        if message["type"] == "http.response.body" and len(bytes(message["body"])) > 100:  # type: ignore[call-overload]
            taken.set()
            await asyncio.Event().wait()

    async def never() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    streams = Streams(slow_seconds=0.02)
    response = EventStream(streams, endless())  # type: ignore[arg-type]
    async with asyncio.timeout(DEADLINE_SECONDS):
        await response({"type": "http"}, never, stuck)  # type: ignore[arg-type]
    assert taken.is_set()
    assert made == 1
    assert streams.count == 0


@pytest.mark.parametrize("foreseen", [True, False])
async def test_what_ends_a_stream_is_said_in_a_line(caplog: pytest.LogCaptureFixture, foreseen: bool) -> None:
    """A damaged log is nothing that a developer has to look into; anything else is shown with its traceback."""

    async def broken() -> AsyncGenerator[bytes, None]:
        yield b"a line"
        raise LogAlteredError("its bytes are gone") if foreseen else ValueError("a fault")

    async def take(message: object) -> None:
        del message

    async def never() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    with caplog.at_level(logging.WARNING):
        async with asyncio.timeout(DEADLINE_SECONDS):
            await EventStream(Streams(), broken())({"type": "http"}, never, take)
    (said,) = [each for each in caplog.records if "an event stream ends" in each.getMessage()]
    assert (said.exc_info is None) == foreseen


async def test_there_is_a_limit_on_streams(site: Site, client: httpx.AsyncClient) -> None:
    """Beyond the limit a stream is refused and the client told to come again."""
    site.app.state.streams = Streams(streams_max=0)
    async with asyncio.timeout(DEADLINE_SECONDS):  # a stream that isn't refused doesn't end
        answer = await client.get("/api/v1/stream")
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert "retry-after" in answer.headers
