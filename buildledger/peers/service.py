"""Answers the other servers of the same database: the logs and artifacts that this one can read on its machine."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from uuid import UUID

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from buildledger.logs.elsewhere import FileReading, LogReading
from buildledger.logs.pieces import begun, read_in_threads
from buildledger.peers import wire

BODY_MAX_BYTES = 64 * 1024
"""A question is a digest or a pattern."""


class PeerService:
    """An ASGI application. It answers nothing, not even what there is, to whoever doesn't show the token."""

    def __init__(self, logs: LogReading, files: FileReading, token: str) -> None:
        self._logs = logs
        self._files = files
        self._shown = f"Bearer {token}".encode()
        failures: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = dict.fromkeys(
            wire.FAILURES, _failed
        )
        self._app: ASGIApp = Starlette(
            routes=[
                Route("/logs/{log_id:uuid}/size", self._log_size),
                Route("/logs/{log_id:uuid}/lines", self._log_lines),
                Route("/logs/{log_id:uuid}/raw", self._log_raw),
                Route("/logs/{log_id:uuid}/search", self._log_search, methods=["POST"]),
                Route("/logs/{log_id:uuid}/check", self._log_check, methods=["POST"]),
                Route("/files/{sha256}/size", self._file_size),
                Route("/files/{sha256}/bytes", self._file_bytes),
                Route("/files/{sha256}/check", self._file_check, methods=["POST"]),
            ],
            exception_handlers=failures,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http":
            return
        shown = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if not hmac.compare_digest(shown, self._shown):
            await Response(status_code=401)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _log_size(self, request: Request) -> Response:
        return _answer(await self._logs.size(_log_id(request)))

    async def _log_lines(self, request: Request) -> Response:
        first, last, max_bytes = (_number(request, name) for name in ("first", "last", "max_bytes"))
        return _answer(await self._logs.lines(_log_id(request), first, last, max_bytes))

    async def _log_raw(self, request: Request) -> Response:
        to_byte = _number(request, "to") if "to" in request.query_params else None
        return _Pieces(await begun(self._logs.raw(_log_id(request), _number(request, "from"), to_byte)))

    async def _log_search(self, request: Request) -> Response:
        asked = await _question(request, wire.SearchLog)
        return _answer(await self._logs.search(_log_id(request), asked.pattern, asked.limit, asked.from_line))

    async def _log_check(self, request: Request) -> Response:
        asked = await _question(request, wire.CheckLog)
        return _checked(self._logs.check(_log_id(request), asked.said))

    async def _file_size(self, request: Request) -> Response:
        return _answer(await run_in_threadpool(self._files.size_bytes, _sha256(request)))

    async def _file_bytes(self, request: Request) -> Response:
        return _Pieces(await begun(read_in_threads(self._files.read(_sha256(request), _number(request, "offset")))))

    async def _file_check(self, request: Request) -> Response:
        return _checked(run_in_threadpool(partial(self._files.check, _sha256(request))))


class _Pieces(StreamingResponse):
    """Bytes, the reading of which ends with the answer, however that happens."""

    def __init__(self, pieces: AsyncGenerator[bytes]) -> None:
        super().__init__(pieces, media_type=wire.BYTES_TYPE)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them all."""
        async with aclosing(self._pieces):
            await super().__call__(scope, receive, send)


def _log_id(request: Request) -> UUID:
    found: UUID = request.path_params["log_id"]
    return found


def _sha256(request: Request) -> str:
    return str(request.path_params["sha256"])


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise HTTPException(422)
    return int(text)


async def _question(request: Request, kind: type[wire.Question]) -> wire.Question:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_MAX_BYTES:
            raise HTTPException(413)
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except msgspec.MsgspecError:
        raise HTTPException(422) from None


def _answer(content: object) -> Response:
    return Response(msgspec.msgpack.encode(content), media_type=wire.MEDIA_TYPE)


def _checked(check: Awaitable[None]) -> Response:
    """How a check ends, with signs of life until then: a large file takes its time."""

    async def signs_and_end() -> AsyncIterator[bytes]:
        task = asyncio.ensure_future(check)
        try:
            while not (await asyncio.wait({task}, timeout=wire.SIGN_SECONDS))[0]:
                yield wire.SIGN_OF_LIFE
            failure = None
            try:
                await task
            except wire.FAILURES as error:
                failure = wire.failure_of(error)
            yield msgspec.msgpack.encode(wire.Checked(failure=failure))
        finally:
            task.cancel()

    return StreamingResponse(signs_and_end(), media_type=wire.MEDIA_TYPE)


async def _failed(request: Request, error: Exception) -> Response:
    content = msgspec.msgpack.encode(wire.failure_of(error))
    return Response(content, status_code=wire.FAILURE_STATUS, media_type=wire.MEDIA_TYPE)
