"""The application behind a real socket, and a client that reads server-sent events the way a browser does."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from tests.api.conftest import AUTHORIZED

DEADLINE_SECONDS = 20.0


@dataclass(frozen=True)
class Event:
    """One event."""

    kind: str
    id: int
    data: Any


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Leave signals alone."""
        yield


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The address of the application on a free port."""
    server = _Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    )
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.002)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        app.state.streams.close()
        server.should_exit = True
        await running


async def events(url: str, path: str, **headers: str) -> AsyncGenerator[Event, None]:
    """The events of a stream until the server ends it; end it yourself by closing the iterator."""
    async with (
        httpx.AsyncClient(base_url=url, headers=AUTHORIZED | headers, timeout=DEADLINE_SECONDS) as client,
        client.stream("GET", path) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        found: dict[str, str] = {}
        async for line in answer.aiter_lines():
            if line:
                name, _, value = line.partition(":")
                found[name] = value.removeprefix(" ")
            elif "data" in found:
                yield Event(found["event"], int(found["id"]), json.loads(found["data"]))
                found = {}
            else:
                found = {}
