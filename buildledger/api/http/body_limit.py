"""How large a request's body may be: no route reads more into memory, whether or not the request says its length."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from buildledger.api.http.open_paths import OPEN_PATHS
from buildledger.api.http.problems import TooLarge, problem_response

OPEN_BYTES = 16 << 10
"""What anybody may send: a token to sign in with."""
BODY_BYTES = 1 << 20
PUSH_BYTES = 32 << 20
"""Two hundred commits with their messages and paths; what a hook sends is as large."""
CONFIG_BYTES = 160 << 20
"""A resolved configuration, as JSON within JSON."""


def limit_of(path: str) -> int:
    """The most bytes that a body sent to this address may have."""
    if path in OPEN_PATHS:
        return OPEN_BYTES
    if path.startswith("/api/v1/sources/"):
        return PUSH_BYTES
    return CONFIG_BYTES if path.startswith("/api/v1/config") else BODY_BYTES


class BodyLimit:
    """ASGI middleware that refuses what is longer, at the latest when too much has come."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = limit_of(scope["path"])
        said = Headers(scope=scope).get("content-length", "")
        if said.isdigit() and int(said) > limit:
            await problem_response(TooLarge(limit), scope["path"])(scope, receive, send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > limit:
                raise HTTPException(413, TooLarge(limit).detail)
            return message

        await self._app(scope, counted, send)
