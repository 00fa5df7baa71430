"""Builders."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from buildledger.api.commands.build_requests import force_request
from buildledger.api.commands.context import Commands
from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import BuilderPath, BuildersLimit, Cursor, NameFilter
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import builders as models
from buildledger.api.models import receipts, request_models
from buildledger.api.models.limits import PAGE_DEFAULT
from buildledger.api.queries import builder_detail
from buildledger.api.queries import builders as queries
from buildledger.api.queries.readings import ReadModelsAsOf

LISTING = "builders"

router = api_router("builders")


@router.get("/builders")
def list_builders(
    read_models: ReadModelsAsOf,
    limit: BuildersLimit = PAGE_DEFAULT,
    cursor: Cursor = None,
    search: Annotated[
        str | None, Query(min_length=1, max_length=200, description="Part of the name, the description or a tag.")
    ] = None,
    status: Annotated[models.BuilderStatus | None, Query(description="Only builders that are so.")] = None,
    base: NameFilter = None,
    project: NameFilter = None,
    tag: NameFilter = None,
    source: NameFilter = None,
    protected: Annotated[bool | None, Query(description="Only builders that are protected, or only others.")] = None,
) -> JsonResponse[models.BuilderPage]:
    """All builders by name: those configured, and those that only history knows."""
    (after,) = key_of(LISTING, cursor, str) or (None,)
    with read_models.read("status") as readings:
        status_reading = readings["status"]
        wanted = queries.BuilderFilter(
            status=status, base=base, project=project, tag=tag, source=source, protected=protected, search=search
        )
        found = queries.list_builders(status_reading, wanted, limit=limit + 1, after=after)
        rows, following = page(found, limit, lambda last: cursor_of(LISTING, last.name))
        items = queries.as_builders(status_reading, rows)
        return readings.respond(models.BuilderPage(items=items, next=following, position=readings.position))


@router.get("/builders/{name}")
def read_builder(read_models: ReadModelsAsOf, name: BuilderPath) -> JsonResponse[models.BuilderDetail]:
    """All about one builder."""
    with read_models.read(*builder_detail.VIEWS) as readings:
        return readings.respond(builder_detail.builder_by_name(readings, name))


@router.get("/builders/{name}/definition")
def read_builder_definition(read_models: ReadModelsAsOf, name: BuilderPath) -> JsonResponse[models.BuilderDefinition]:
    """The builder as the configuration in force defines it, written out."""
    with read_models.read(*builder_detail.DEFINITION_VIEWS) as readings:
        return readings.respond(builder_detail.definition_of(readings, name))


@router.post("/builders/{name}/force", status_code=201)
async def force_build(
    context: Commands, name: BuilderPath, body: request_models.ForceBody
) -> JsonResponse[receipts.RequestReceipt]:
    """Request a build by hand. Answered when the request is durable."""
    command = await force_request(context, name, body)
    receipt = await context.execute(command, correlation_id=command.request_id)
    return await context.respond(receipts.RequestReceipt, receipt, status=201, request_id=command.request_id)
