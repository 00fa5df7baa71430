"""Build requests."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response

from buildledger.api.commands.context import CommandContext
from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import AsOf, Cursor, IdempotencyKeyHeader, IdPath, Limit, NameFilter, Prefer, Wait
from buildledger.api.http.problems import NotFound
from buildledger.api.http.responses import returns
from buildledger.api.models import receipts, request_models
from buildledger.api.models import requests as models
from buildledger.api.models.limits import PAGE_DEFAULT
from buildledger.api.queries import requests as request_queries
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.api.queries.readings import Reads, reading
from buildledger.api.queries.wait_reasons import WaitReasons
from buildledger.domain.request import AGGREGATE as REQUEST
from buildledger.domain.request import CancelRequest, PrioritiseRequest
from buildledger.events.ids import RequestId
from buildledger.projections.queue_tables import request as table
from buildledger.projections.queue_tables import request_state

LISTING, IN_LINE = "requests", "requests in line"
VIEWS = ("queue", "status", "workers", "people", "revisions")

router = APIRouter(tags=["requests"])


@router.get("/requests", **returns(models.RequestPage))
def list_requests(
    request: Request,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    as_of: AsOf = None,
    builder: NameFilter = None,
    status: Annotated[models.RequestStatus | None, Query()] = None,
) -> Response:
    """Requests. With `status=waiting` in the order of priority and age, else newest first."""
    in_line = status == "waiting"
    after = key_of(IN_LINE, cursor, int, int) if in_line else key_of(LISTING, cursor, int)
    with reading(request, as_of, *VIEWS) as reads:
        query = request_queries.listed(reads["queue"]).limit(limit + 1)
        if builder is not None:
            query = query.where(table.c.builder == builder)
        if in_line:
            query = request_queries.in_line(query)
            if after is not None:
                lower = request_state.c.priority < after[0]
                later = sa.and_(request_state.c.priority == after[0], request_state.c.seq > after[1])
                query = query.where(sa.or_(lower, later))
        else:
            seq = table.c.seq if builder is not None else reads["queue"].sort_column(table.c.seq, request_state.c.seq)
            query = query.order_by(seq.desc())
            if status is not None:
                query = query.where(request_state.c.status == status)
            if after is not None:
                query = query.where(seq < after[0])
        rows, last = page(reads["queue"].all(query), limit)
        following = None
        if last is not None:
            following = cursor_of(IN_LINE, last.priority, last.seq) if in_line else cursor_of(LISTING, last.seq)
        items = _as_requests(reads, rows)
        return reads.respond(models.RequestPage(items=items, next=following, position=reads.position))


@router.get("/requests/{request_id}", **returns(models.RequestDetail))
def read_request(request: Request, request_id: IdPath, as_of: AsOf = None) -> Response:
    """One request."""
    with reading(request, as_of, *VIEWS) as reads:
        rows = reads["queue"].all(request_queries.listed(reads["queue"]).where(table.c.id == request_id))
        if not rows:
            raise NotFound("request", request_id)
        made = models.RequestDetail(request=_as_requests(reads, rows)[0], position=reads.position)
        return reads.respond(made)


@router.post("/requests/{request_id}/cancel", **returns(receipts.Receipt))
async def cancel_request(
    request: Request,
    request_id: IdPath,
    body: request_models.ReasonBody,
    prefer: Prefer = None,
    wait: Wait = True,
    key: IdempotencyKeyHeader = None,
) -> Response:
    """Take a waiting request out of the queue. A build that has it already is stopped by `/builds/{id}/stop`."""
    context = CommandContext(request, key, wait=wait, prefer=prefer)
    await context.require(REQUEST, request_id)
    reason = body.reason or "cancelled by hand"
    return await context.execute_and_respond(CancelRequest(request_id=RequestId(request_id), reason=reason))


@router.post("/requests/{request_id}/priority", **returns(receipts.Receipt))
async def prioritise_request(
    request: Request,
    request_id: IdPath,
    body: request_models.PriorityBody,
    prefer: Prefer = None,
    wait: Wait = True,
    key: IdempotencyKeyHeader = None,
) -> Response:
    """Give a waiting request another priority."""
    context = CommandContext(request, key, wait=wait, prefer=prefer)
    await context.require(REQUEST, request_id)
    return await context.execute_and_respond(
        PrioritiseRequest(request_id=RequestId(request_id), priority=body.priority)
    )


def _as_requests(reads: Reads, rows: request_queries.Rows) -> list[models.Request]:
    personal = PersonalDataResolver(reads.deps.vault, reads["people"])
    return request_queries.as_requests(personal, rows, WaitReasons(reads))
