"""Step output."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from buildledger.api.http.dependencies import ApiDependencies, dependencies
from buildledger.api.http.downloads import byte_range
from buildledger.api.http.event_stream import STREAM_RESPONSES, EventStream, event
from buildledger.api.http.parameters import AsOf, IdPath
from buildledger.api.http.problems import NotFound
from buildledger.api.http.responses import json_response, returns
from buildledger.api.models import builds
from buildledger.api.models import logs as models
from buildledger.api.models.limits import LINES_DEFAULT, LINES_MAX, POSITION_MAX, SEARCH_HITS_DEFAULT, SEARCH_HITS_MAX
from buildledger.api.queries.steps import log_with
from buildledger.logs.store import LogSize, Pattern, SearchHit

PATTERN_CHARACTERS_MAX = 1_000
RAW_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": described, "content": {"text/plain": {"schema": {"type": "string"}}}}
    for status, described in ((200, "All bytes there are."), (206, "The range asked for."))
}

router = APIRouter(tags=["logs"])


@router.get("/logs/{log_id}", **returns(models.LogDetail))
async def read_log(request: Request, log_id: IdPath, as_of: AsOf = None) -> Response:
    """What is known of a log, and how far it has grown by now."""
    deps = dependencies(request)
    log, position = await run_in_threadpool(_known, deps, log_id, as_of)
    extent = _extent(await deps.logs.size(log_id))
    return json_response(models.LogDetail(log=log, extent=extent, position=position), position=position)


@router.get("/logs/{log_id}/lines", **returns(models.LogLines))
async def read_lines(
    request: Request,
    log_id: IdPath,
    first: Annotated[int, Query(ge=0, le=POSITION_MAX, description="Lines count from 0.")] = 0,
    count: Annotated[int, Query(ge=1, le=LINES_MAX)] = LINES_DEFAULT,
) -> Response:
    """Lines of a log."""
    deps = dependencies(request)
    await run_in_threadpool(_known, deps, log_id, None)
    size = await deps.logs.size(log_id)
    found = await deps.logs.lines(log_id, first, first + count)
    made = models.LogLines(
        log_id=log_id,
        first=found.first,
        lines=[line.decode("utf-8", "replace") for line in found.lines],
        cut=found.cut,
        extent=_extent(size),
    )
    return json_response(made)


@router.get("/logs/{log_id}/search", **returns(models.LogSearch))
async def search_log(
    request: Request,
    log_id: IdPath,
    pattern: Annotated[str, Query(min_length=1, max_length=PATTERN_CHARACTERS_MAX, examples=["error"])],
    regex: Annotated[bool, Query(description="A regular expression of Python, within one line.")] = False,
    ignore_case: Annotated[bool, Query()] = False,
    from_line: Annotated[int, Query(ge=0, le=POSITION_MAX)] = 0,
    limit: Annotated[int, Query(ge=1, le=SEARCH_HITS_MAX)] = SEARCH_HITS_DEFAULT,
) -> Response:
    """Search the whole log, on the server. A search that takes long is answered in parts: go on at `next_line`."""
    deps = dependencies(request)
    await run_in_threadpool(_known, deps, log_id, None)
    wanted = Pattern(text=pattern.encode("utf-8", "surrogatepass"), regex=regex, ignore_case=ignore_case)
    found = await deps.logs.search(log_id, wanted, limit, from_line)
    hits = [_hit(hit) for hit in found.hits]
    return json_response(models.LogSearch(log_id=log_id, hits=hits, next_line=found.next_line))


@router.head("/logs/{log_id}/raw", include_in_schema=False)
@router.get("/logs/{log_id}/raw", response_class=Response, responses=RAW_RESPONSES)
async def read_raw(
    request: Request, log_id: IdPath, wanted: Annotated[str | None, Header(alias="Range", max_length=100)] = None
) -> Response:
    """The bytes as they were written; of a log that grows, those there are by now."""
    deps = dependencies(request)
    log, _ = await run_in_threadpool(_known, deps, log_id, None)
    size_bytes = (await deps.logs.size(log_id)).size_bytes
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'inline; filename="{log_id}-{_plain(log.channel)}.txt"',
        "Cache-Control": "private, no-cache",
    }
    if log.sha256:
        headers["ETag"] = f'"{log.sha256}"'
    begin, end = byte_range(wanted, size_bytes, "the log")
    whole = wanted is None or (begin, end) == (0, size_bytes)
    if not whole:
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size_bytes}"
    headers["Content-Length"] = str(end - begin)
    content = () if request.method == "HEAD" else deps.logs.raw(log_id, begin, end)
    return StreamingResponse(
        content,
        status_code=200 if whole else 206,
        headers=headers,
        media_type="text/plain; charset=utf-8",
    )


@router.get("/logs/{log_id}/stream", response_class=Response, responses=STREAM_RESPONSES)
async def stream_log(request: Request, log_id: IdPath) -> Response:
    """How far the log has grown, whenever it has: `grown` events whose data is a LogExtent; ends with the log."""
    deps = dependencies(request)
    await run_in_threadpool(_known, deps, log_id, None)
    return EventStream(request.app.state.streams, _growth(deps, log_id))


async def _growth(deps: ApiDependencies, log_id: UUID) -> AsyncGenerator[bytes, None]:
    async for size in deps.logs.follow(log_id):
        yield event("grown", size.size_bytes, _extent(size))


def _known(deps: ApiDependencies, log_id: UUID, as_of: int | None) -> tuple[builds.Log, int]:
    """The log's row. Raises: NotFound, PositionAhead."""
    with deps.views.read(as_of, "status") as (status,):
        log = log_with(status, log_id)
        if log is None:
            raise NotFound("log", log_id)
        return log, status.position


def _extent(size: LogSize) -> models.LogExtent:
    return models.LogExtent(size_bytes=size.size_bytes, line_count=size.line_count, finished=size.finished)


def _hit(hit: SearchHit) -> models.LogHit:
    """Offsets of bytes become offsets of characters of what is sent."""
    start, end = hit.start - hit.text_start, hit.end - hit.text_start
    before = hit.text[:start].decode("utf-8", "replace")
    match = hit.text[start:end].decode("utf-8", "replace")
    after = hit.text[end:].decode("utf-8", "replace")
    return models.LogHit(line=hit.line, text=before + match + after, start=len(before), end=len(before) + len(match))


def _plain(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z._-]", "_", text)[:64]
