"""The API on its address: uvicorn inside the server's own event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import uvicorn

from buildledger.api.app import make_app
from buildledger.api.http.dependencies import ApiDependencies
from buildledger.api.http.ended_sessions import SESSIONS_ENDED_MAX, EndedSessions
from buildledger.clock import Clock
from buildledger.composition.lifetime import Lifetime
from buildledger.composition.state_directory import ENDED_SESSIONS_FILE
from buildledger.ledger.expiring_names import ExpiringNames
from buildledger.settings import Address, Role, ServerSettings, SettingsError

BACKLOG = 2_048
"""Connections that may wait to be taken."""


def listen(address: Address, option: str = "--http", what: str = "the API") -> socket.socket:
    """Take the address before anything else is opened.

    Raises:
        SettingsError: If it is taken or not allowed.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        listener = socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise SettingsError(
            f"{what} can't listen on {address}: {error.strerror or error}: stop what listens there, or give another"
            f" {option}"
        ) from None
    listener.setblocking(False)
    return listener


async def ended_sessions(settings: ServerSettings, clock: Clock, stack: AsyncExitStack) -> EndedSessions:
    """What this server remembers over its restarts, and with PostgreSQL what every server of the database knows."""
    path = settings.state / ENDED_SESSIONS_FILE
    own = ExpiringNames(path, clock.now().timestamp(), SESSIONS_ENDED_MAX)
    if settings.database is None or Role.API not in settings.roles:
        return EndedSessions(own)
    # loaded only where it is used, like the ledger's own PostgreSQL parts
    from buildledger.servers.shown_once import ShownOnce

    shared = await asyncio.to_thread(ShownOnce, settings.database)
    stack.push_async_callback(asyncio.to_thread, shared.close)
    return EndedSessions(own, shared)


async def serve_api(
    dependencies: ApiDependencies, listener: socket.socket, lifetime: Lifetime, stack: AsyncExitStack
) -> str:
    """Answer what comes in at an address that was taken, and return the URL."""
    app = make_app(dependencies)
    await serve_app(app, listener, "API", lifetime, stack)
    stack.callback(app.state.streams.close)
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve_app(
    app: Any, listener: socket.socket, name: str, lifetime: Lifetime, stack: AsyncExitStack, **more: Any
) -> None:
    """Answer with an ASGI application at an address that was taken; `more` are settings of uvicorn."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
        server_header=False,
        **more,
    )
    server = _Uvicorn(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name=name)
    lifetime.end_with(serving, name)
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    if serving.done():
        serving.result()
    stack.push_async_callback(_end_uvicorn, server, serving)


class _Uvicorn(uvicorn.Server):
    """Leaves signals to the server as a whole."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def _end_uvicorn(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    server.should_exit = True
    await serving
