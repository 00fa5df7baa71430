"""From structs to responses: encoded by msgspec, and sent only if the caller's copy is older (ETag)."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Generic, TypeVar

import msgspec
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from buildledger.ledger.skipping import reason_of

JSON = "application/json"
POSITION_HEADER = "Ledger-Position"
REFERENCE = "#/components/schemas/{name}"

Model = TypeVar("Model", bound=msgspec.Struct)

_log = logging.getLogger(__name__)
_encoder = msgspec.json.Encoder()


class Unchanged(Exception):  # noqa: N818 - not a fault: the caller has the answer already
    """The caller's copy is current; answered with 304."""

    def __init__(self, etag: str, position: int) -> None:
        super().__init__(etag)
        self.etag, self.position = etag, position


class JsonResponse(Response, Generic[Model]):
    """A struct as it is sent. As a return annotation, `JsonResponse[Model]` also describes it in OpenAPI."""

    def __init__(
        self, model: Model, *, status: int = 200, etag: str | None = None, position: int | None = None
    ) -> None:
        """`position` is the ledger position as of which the answer is."""
        headers = {}
        if etag is not None:
            headers["ETag"] = etag
            headers["Cache-Control"] = "private, no-cache"
        if position is not None:
            headers[POSITION_HEADER] = str(position)
        super().__init__(_encoder.encode(model), status_code=status, headers=headers, media_type=JSON)


class Download(StreamingResponse):
    """Bytes in pieces; if the rest can't be read, the connection ends, so that nobody takes a part for the whole."""

    def __init__(
        self, pieces: AsyncGenerator[bytes], *, status_code: int = 200, headers: dict[str, str], media_type: str
    ) -> None:
        """`pieces` is closed when the answer ends, however that happens."""
        super().__init__(pieces, status_code=status_code, headers=headers, media_type=media_type)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them all."""
        async with aclosing(self._pieces):
            await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        """Send them one by one."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        pieces = aiter(self.body_iterator)
        while True:
            try:
                piece = await anext(pieces, None)
            except Exception as error:
                _log.error("a download breaks off: %s", reason_of(error))
                return
            if piece is None:
                break
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def stop_if_unchanged(request: Request, etag: str, position: int) -> None:
    """End the request here if the caller's copy has this ETag.

    Raises:
        Unchanged: it did.
    """
    asked = request.headers.get("if-none-match")
    if asked is not None and (asked.strip() == "*" or etag in (part.strip() for part in asked.split(","))):
        raise Unchanged(etag, position)
