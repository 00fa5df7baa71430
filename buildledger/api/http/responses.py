"""From structs to responses: encoded by msgspec, described in OpenAPI by the same classes, sent only if new (ETag)."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import Request, Response

JSON = "application/json"
POSITION_HEADER = "Ledger-Position"
REFERENCE = "#/components/schemas/{name}"

_encoder = msgspec.json.Encoder()


class Unchanged(Exception):  # noqa: N818 - not a fault: the caller has the answer already
    """The caller's copy is current; answered with 304."""

    def __init__(self, etag: str, position: int) -> None:
        super().__init__(etag)
        self.etag, self.position = etag, position


def returns(model: type[msgspec.Struct], *, status: int = 200, described: str = "") -> dict[str, Any]:
    """Route arguments for a handler that answers with `model`: schema and description, no second validation."""
    return {
        "response_model": None,
        "response_class": Response,
        "status_code": status,
        "responses": {
            status: {
                "description": described or (model.__doc__ or "").split("\n")[0],
                "content": {JSON: {"schema": {"$ref": REFERENCE.format(name=model.__name__)}}},
            }
        },
    }


def json_response(
    model: msgspec.Struct, *, status: int = 200, etag: str | None = None, position: int | None = None
) -> Response:
    """`model` as a response. `position` is what the answer is as of."""
    headers = {}
    if etag is not None:
        headers["ETag"] = etag
        headers["Cache-Control"] = "private, no-cache"
    if position is not None:
        headers[POSITION_HEADER] = str(position)
    return Response(_encoder.encode(model), status_code=status, headers=headers, media_type=JSON)


def stop_if_unchanged(request: Request, etag: str, position: int) -> None:
    """Stop here if the caller named this very ETag.

    Raises: Unchanged.
    """
    asked = request.headers.get("if-none-match")
    if asked is not None and (asked.strip() == "*" or etag in (part.strip() for part in asked.split(","))):
        raise Unchanged(etag, position)
