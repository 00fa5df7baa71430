"""The API on its address: uvicorn inside the server's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import uvicorn

from buildledger.api.app import make_app
from buildledger.api.http.dependencies import ApiDependencies
from buildledger.composition.lifetime import Lifetime
from buildledger.settings import Address, SettingsError


async def serve_api(dependencies: ApiDependencies, address: Address, lifetime: Lifetime, stack: AsyncExitStack) -> str:
    """Listen, and return the URL.

    Raises:
        SettingsError: If the address is taken or not allowed.
    """
    app = make_app(dependencies)
    config = uvicorn.Config(
        app,
        host=address.host,
        port=address.port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
        server_header=False,
    )
    server = _Uvicorn(config)
    serving = asyncio.create_task(server.serve(), name="api")
    lifetime.end_with(serving, "API")
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    if serving.done():
        raise SettingsError(f"the API can't listen on {address}: the port is taken or not allowed")
    stack.push_async_callback(_end_uvicorn, server, serving)
    stack.callback(app.state.streams.close)
    port = server.servers[0].sockets[0].getsockname()[1]
    return f"http://{address.host}:{port}"


class _Uvicorn(uvicorn.Server):
    """Leaves signals to the server as a whole."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def _end_uvicorn(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    server.should_exit = True
    await serving
