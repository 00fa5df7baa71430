"""Files that builds have handed over."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from buildledger.api.dependencies import dependencies
from buildledger.api.parameters import IdPath
from buildledger.api.problems import NotFound
from buildledger.projections.status_tables import artifact

RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

router = APIRouter(tags=["builds"])


@router.get("/artifacts/{operation_id}", response_class=Response, responses=RESPONSES)
def read_artifact(request: Request, operation_id: IdPath) -> Response:
    """The file that an upload handed over, always as a download: no page of this server shows what a build made."""
    deps = dependencies(request)
    with deps.views.read(None, "status") as (status,):
        row = status.first(sa.select(artifact).where(artifact.c.operation_id == operation_id))
    if row is None or not deps.artifacts.has(row.sha256):
        raise NotFound("artifact", operation_id)
    headers = {
        "Content-Length": str(row.size_bytes),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.name.rpartition('/')[2], safe='')}",
        "Cache-Control": "private, max-age=31536000, immutable",
        "ETag": f'"{row.sha256}"',
    }
    return StreamingResponse(deps.artifacts.read(row.sha256), headers=headers, media_type="application/octet-stream")
