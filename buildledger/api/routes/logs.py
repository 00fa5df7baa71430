"""Step output."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from buildledger.api.http.dependencies import ApiDependencies, Dependencies
from buildledger.api.http.downloads import byte_range
from buildledger.api.http.event_stream import STREAM_RESPONSES, EventStream, event
from buildledger.api.http.paging import cursor_of, key_of
from buildledger.api.http.parameters import AsOf, Cursor, IdPath
from buildledger.api.http.problems import Gone, NotFound
from buildledger.api.http.responses import Download, JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import builds
from buildledger.api.models import logs as models
from buildledger.api.models.limits import (
    LINES_DEFAULT,
    LINES_MAX,
    POSITION_MAX,
    SEARCH_HITS_DEFAULT,
    SEARCH_HITS_MAX,
)
from buildledger.api.queries.steps import log_with
from buildledger.logs.pieces import begun, no_pieces
from buildledger.logs.store import LogDigest, LogMissingError, LogSize, Pattern, SearchHit

LINES_LISTING, HITS_LISTING = "lines", "hits"
PATTERN_CHARACTERS_MAX = 1_000
RAW_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": described, "content": {"text/plain": {"schema": {"type": "string"}}}}
    for status, described in ((200, "All bytes there are."), (206, "The range asked for."))
}

router = api_router("logs")


@router.get("/logs/{log_id}")
async def read_log(deps: Dependencies, log_id: IdPath, as_of: AsOf = None) -> JsonResponse[models.LogDetail]:
    """What is known of a log, and how far it has grown by now."""
    log, position = await run_in_threadpool(_known, deps, log_id, as_of)
    extent = _extent(await deps.logs.size(log_id))
    return JsonResponse(models.LogDetail(log=log, extent=extent, position=position), position=position)


@router.get("/logs/{log_id}/lines")
async def read_lines(
    deps: Dependencies,
    log_id: IdPath,
    first: Annotated[
        int, Query(ge=0, le=POSITION_MAX, description="Line to begin with, without a cursor; lines count from 0.")
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=LINES_MAX, description="How many lines a page has at the most.")] = (
        LINES_DEFAULT
    ),
    cursor: Cursor = None,
) -> JsonResponse[models.LogLines]:
    """Lines of a log, from any line on. While the log grows, the last page has no `next`: go on with `first`."""
    (begin,) = key_of(LINES_LISTING, cursor, int) or (first,)
    log, position = await run_in_threadpool(_known, deps, log_id, None)
    await _check(deps, log)
    size = await deps.logs.size(log_id)
    found = await deps.logs.lines(log_id, begin, begin + limit)
    end = found.first + len(found.lines)
    page = models.LogLines(
        log_id=log_id,
        first=found.first,
        items=[line.decode("utf-8", "replace") for line in found.lines],
        cut=found.cut,
        extent=_extent(size),
        next=cursor_of(LINES_LISTING, end) if found.lines and end < size.line_count else None,
        position=position,
    )
    return JsonResponse(page, position=position)


@router.get("/logs/{log_id}/search")
async def search_log(
    deps: Dependencies,
    log_id: IdPath,
    pattern: Annotated[
        str,
        Query(
            min_length=1,
            max_length=PATTERN_CHARACTERS_MAX,
            description="The text to look for, within one line.",
            examples=["error"],
        ),
    ],
    regex: Annotated[bool, Query(description="`pattern` is a regular expression of Python.")] = False,
    ignore_case: Annotated[bool, Query(description="Upper and lower case letters are equal.")] = False,
    from_line: Annotated[
        int, Query(ge=0, le=POSITION_MAX, description="Line to begin with, without a cursor; lines count from 0.")
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=SEARCH_HITS_MAX, description="How many hits a page has at the most.")] = (
        SEARCH_HITS_DEFAULT
    ),
    cursor: Cursor = None,
) -> JsonResponse[models.LogSearch]:
    """Search the whole log, on the server. A search that takes long is answered in pages, which may have no hits."""
    (begin,) = key_of(HITS_LISTING, cursor, int) or (from_line,)
    log, position = await run_in_threadpool(_known, deps, log_id, None)
    await _check(deps, log)
    wanted = Pattern(text=pattern.encode("utf-8", "surrogatepass"), regex=regex, ignore_case=ignore_case)
    found = await deps.logs.search(log_id, wanted, limit, begin)
    page = models.LogSearch(
        log_id=log_id,
        items=[_hit(hit) for hit in found.hits],
        next=None if found.next_line is None else cursor_of(HITS_LISTING, found.next_line),
        position=position,
    )
    return JsonResponse(page, position=position)


@router.head("/logs/{log_id}/raw", include_in_schema=False)
@router.get("/logs/{log_id}/raw", responses=RAW_RESPONSES)
async def read_raw(
    request: Request,
    deps: Dependencies,
    log_id: IdPath,
    wanted: Annotated[
        str | None, Header(alias="Range", max_length=100, description="Which bytes: `bytes=0-99`. Default: all.")
    ] = None,
) -> Response:
    """The bytes as they were written; of a log that grows, those there are by now."""
    log, _ = await run_in_threadpool(_known, deps, log_id, None)
    await _check(deps, log)
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
    raw = deps.logs.raw(log_id, begin, end)
    return Download(
        no_pieces() if request.method == "HEAD" else await begun(raw),
        status_code=200 if whole else 206,
        headers=headers,
        media_type="text/plain; charset=utf-8",
    )


@router.get("/logs/{log_id}/stream", responses=STREAM_RESPONSES)
async def stream_log(request: Request, deps: Dependencies, log_id: IdPath) -> Response:
    """How far the log has grown, whenever it has: `grown` events whose data is a LogExtent; ends with the log."""
    log, _ = await run_in_threadpool(_known, deps, log_id, None)
    await _check(deps, log)
    return EventStream(request.app.state.streams, _growth(deps, log_id))


async def _growth(deps: ApiDependencies, log_id: UUID) -> AsyncGenerator[bytes, None]:
    async for size in deps.logs.follow(log_id):
        yield event("grown", size.size_bytes, _extent(size))


def _known(deps: ApiDependencies, log_id: UUID, as_of: int | None) -> tuple[builds.Log, int]:
    """The log and the position as of which it is.

    Raises:
        NotFound: no fact speaks of such a log.
        PositionAhead: the read models haven't reached `as_of`.
    """
    with deps.views.read(as_of, "status") as (status,):
        log = log_with(status, log_id)
        if log is None:
            raise NotFound("log", log_id)
        return log, status.position


async def _check(deps: ApiDependencies, log: builds.Log) -> None:
    """Make sure that the log's bytes are those that were stored.

    Raises:
        Gone: they aren't here.
        LogAlteredError: they are others.
    """
    said = None
    if log.sha256 is not None and log.size_bytes is not None and log.line_count is not None:
        said = LogDigest(size_bytes=log.size_bytes, line_count=log.line_count, sha256=log.sha256)
    try:
        await deps.logs.check(log.id, said)
    except LogMissingError as error:
        raise Gone(
            f"{error}, and no fact says that they were removed: restore `logs/` from a backup;"
            " `buildledger audit verify` says what else is missing"
        ) from None


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
