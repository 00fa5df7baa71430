"""Build requests."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from buildledger.api.commands.context import Commands
from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import Cursor, IdPath, Limit, NameFilter
from buildledger.api.http.problems import NotFound
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import receipts, request_models
from buildledger.api.models import requests as models
from buildledger.api.models.limits import PAGE_DEFAULT
from buildledger.api.queries import requests as queries
from buildledger.api.queries.readings import Readings, ReadModelsAsOf
from buildledger.api.queries.wait_reasons import WaitReasons
from buildledger.domain.request import AGGREGATE as REQUEST
from buildledger.domain.request import CancelRequest, PrioritiseRequest
from buildledger.events.ids import RequestId

LISTING, WAITING_LISTING = "requests", "waiting requests"
VIEWS = ("queue", "status", "workers", "people", "revisions")

router = api_router("requests")


@router.get("/requests")
def list_requests(
    read_models: ReadModelsAsOf,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    builder: NameFilter = None,
    status: Annotated[models.RequestStatus | None, Query(description="Only requests that are so.")] = None,
    without_build: Annotated[
        bool, Query(description="Only requests that were cancelled, or answered by the build of another.")
    ] = False,
) -> JsonResponse[models.RequestPage]:
    """Requests. With `status=waiting` in the order of priority and age, else newest first."""
    waiting = status == "waiting" and not without_build
    after = key_of(WAITING_LISTING, cursor, int, int) if waiting else key_of(LISTING, cursor, int)
    with read_models.read(*VIEWS) as readings:
        queue = readings["queue"]
        if waiting:
            found = queries.first_waiting(queue, limit + 1, builder=builder, after=after)
        else:
            (before,) = after or (None,)
            found = queries.list_requests(
                queue, limit=limit + 1, before=before, builder=builder, status=status, without_build=without_build
            )
        rows, following = page(
            found,
            limit,
            lambda last: (
                cursor_of(WAITING_LISTING, last.priority, last.seq) if waiting else cursor_of(LISTING, last.seq)
            ),
        )
        items = _as_requests(readings, rows)
        return readings.respond(models.RequestPage(items=items, next=following, position=readings.position))


@router.get("/requests/{request_id}")
def read_request(read_models: ReadModelsAsOf, request_id: IdPath) -> JsonResponse[models.RequestDetail]:
    """One request."""
    with read_models.read(*VIEWS) as readings:
        row = queries.request_row(readings["queue"], request_id)
        if row is None:
            raise NotFound("request", request_id)
        (request,) = _as_requests(readings, [row])
        return readings.respond(models.RequestDetail(request=request, position=readings.position))


@router.post("/requests/{request_id}/cancel")
async def cancel_request(
    context: Commands, request_id: IdPath, body: request_models.ReasonBody
) -> JsonResponse[receipts.Receipt]:
    """Take a waiting request out of the queue. A build that has it already is stopped by `/builds/{id}/stop`."""
    await context.require(REQUEST, request_id)
    reason = body.reason or "cancelled by hand"
    return await context.execute_and_respond(CancelRequest(request_id=RequestId(request_id), reason=reason))


@router.post("/requests/{request_id}/priority")
async def prioritise_request(
    context: Commands, request_id: IdPath, body: request_models.PriorityBody
) -> JsonResponse[receipts.Receipt]:
    """Give a waiting request another priority."""
    await context.require(REQUEST, request_id)
    command = PrioritiseRequest(request_id=RequestId(request_id), priority=body.priority)
    return await context.execute_and_respond(command)


def _as_requests(readings: Readings, rows: queries.Rows) -> list[models.Request]:
    personal = readings.personal_data()
    return queries.as_requests(personal, rows, WaitReasons(readings))
