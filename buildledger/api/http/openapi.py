"""The OpenAPI document: FastAPI's, with the answers' schemas made of the msgspec structs that are really sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from buildledger.api.http.credentials import SESSION_COOKIE
from buildledger.api.http.open_paths import OPEN_PATHS
from buildledger.api.http.responses import REFERENCE
from buildledger.api.models.server import Problem

API_VERSION = "1"
PROBLEM_JSON = "application/problem+json"
BEARER, COOKIE = "adminToken", "session"

DESCRIPTION = """\
Everything that Build Ledger knows and can be asked to do.

Reads take `as_of=<position>` and answer as they would have then. Lists are paged: `items`, and the `cursor` of the next
page as `next`. Query parameters that an address doesn't have are refused. Answers have an `ETag` and a
`Ledger-Position`. Commands take an `Idempotency-Key`, are durable when they are answered, and say which position they
became. Whatever goes wrong is a problem document (RFC 9457) with a stable `code`.
"""


def describe(app: FastAPI, models: Sequence[type[msgspec.Struct]]) -> dict[str, Any]:
    """The whole document, the same for the same code. `models` are those that the routes answer with."""
    document = get_openapi(
        title="Build Ledger",
        version=API_VERSION,
        description=DESCRIPTION,
        license_info={"name": "Apache-2.0"},
        routes=app.routes,
    )
    _, components = msgspec.json.schema_components([*models, Problem], ref_template=REFERENCE)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(components)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    document["components"]["securitySchemes"] = {
        BEARER: {"type": "http", "scheme": "bearer", "description": "The local admin token."},
        COOKIE: {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Add to an operation what is the same everywhere: problems, 304, and how to authenticate."""
    responses = operation["responses"]
    responses.pop("422", None)
    responses["default"] = {
        "description": "A problem (RFC 9457).",
        "content": {PROBLEM_JSON: {"schema": {"$ref": REFERENCE.format(name="Problem")}}},
    }
    if path not in OPEN_PATHS:
        operation["security"] = [{BEARER: []}, {COOKIE: []}]
    if method == "get":
        responses["304"] = {"description": "`If-None-Match` names the current answer."}
