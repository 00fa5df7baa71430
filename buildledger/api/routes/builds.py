"""Builds and their steps."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Query

from buildledger.api.commands.build_requests import rebuild_request
from buildledger.api.commands.context import Commands
from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import BuilderPath, Cursor, IdPath, Limit, NameFilter
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import builds as models
from buildledger.api.models import changes, receipts, request_models
from buildledger.api.models.limits import PAGE_DEFAULT, POSITION_MAX
from buildledger.api.models.scalars import ResultName
from buildledger.api.queries import build_detail
from buildledger.api.queries.build_detail import build_by_id, build_by_number
from buildledger.api.queries.builds import as_builds, seq_of
from buildledger.api.queries.builds import list_builds as list_rows
from buildledger.api.queries.changes import blame_rows, blamed_ids, changes_by_id
from buildledger.api.queries.readings import ReadModelsAsOf
from buildledger.api.queries.steps import steps_of
from buildledger.domain.build import StopBuild
from buildledger.domain.build_rules import AGGREGATE as BUILD
from buildledger.events.ids import BuildId

LISTING = "builds"

router = api_router("builds")


@router.get("/builds")
def list_builds(
    read_models: ReadModelsAsOf,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    builder: NameFilter = None,
    status: Annotated[Literal["running", "finished"] | None, Query(description="Only builds that are so.")] = None,
    result: Annotated[ResultName | None, Query(description="Only builds that ended so.")] = None,
    worker: NameFilter = None,
    request_id: Annotated[UUID | None, Query(description="Only builds made for this request.")] = None,
) -> JsonResponse[models.BuildPage]:
    """Builds, newest first."""
    (before,) = key_of(LISTING, cursor, int) or (None,)
    with read_models.read("status", "people", "revisions") as readings:
        found = list_rows(
            readings["status"],
            limit=limit + 1,
            before=before,
            builder=builder,
            worker=worker,
            request_id=request_id,
            status=status,
            result=result,
        )
        rows, following = page(found, limit, lambda last: cursor_of(LISTING, last.seq))
        items = as_builds(readings, readings.personal_data(), rows)
        return readings.respond(models.BuildPage(items=items, next=following, position=readings.position))


@router.get("/builds/{build_id}")
def read_build(read_models: ReadModelsAsOf, build_id: IdPath) -> JsonResponse[models.BuildDetail]:
    """All about one build."""
    with read_models.read(*build_detail.VIEWS) as readings:
        return readings.respond(build_by_id(readings, build_id))


@router.get("/builders/{name}/builds/{number}", tags=["builders"])
def read_build_by_number(
    read_models: ReadModelsAsOf,
    name: BuilderPath,
    number: Annotated[int, Path(ge=1, le=POSITION_MAX, description="The build's number.", examples=[12])],
) -> JsonResponse[models.BuildDetail]:
    """All about the build of a builder that has this number."""
    with read_models.read(*build_detail.VIEWS) as readings:
        return readings.respond(build_by_number(readings, name, number))


@router.get("/builds/{build_id}/steps")
def list_steps(read_models: ReadModelsAsOf, build_id: IdPath) -> JsonResponse[models.StepList]:
    """The steps of a build with their operations and logs."""
    with read_models.read("status", "queue", "revisions") as readings:
        seq = seq_of(readings["status"], build_id)
        steps = steps_of(readings, seq, build_id)
        return readings.respond(models.StepList(items=steps, position=readings.position))


@router.get("/builds/{build_id}/blamelist")
def list_blamed(read_models: ReadModelsAsOf, build_id: IdPath) -> JsonResponse[changes.ChangeList]:
    """The commits since the nearest green ancestors, on whatever branch, of all the build's sources, newest first."""
    with read_models.read("status", "people", "changes", "blamelist") as readings:
        seq_of(readings["status"], build_id)  # refuses an unknown build
        ids = [key for row in blame_rows(readings["blamelist"], [build_id]) for key in blamed_ids(row)]
        known = changes_by_id(readings["changes"], readings.personal_data(), ids)
        items = [known[key] for key in ids if key in known]
        return readings.respond(changes.ChangeList(items=items, position=readings.position))


@router.post("/builds/{build_id}/stop")
async def stop_build(
    context: Commands, build_id: IdPath, body: request_models.ReasonBody
) -> JsonResponse[receipts.Receipt]:
    """Ask for the build's end; it ends when its worker has stopped what runs, and the steps have run that always run.

    Asked again while such a step runs, it ends that one too, and runs no others.
    """
    await context.require(BUILD, build_id)
    reason = body.reason or "stopped by hand"
    return await context.execute_and_respond(StopBuild(build_id=BuildId(build_id), reason=reason))


@router.post("/builds/{build_id}/rebuild", status_code=201)
async def rebuild(
    context: Commands, build_id: IdPath, body: request_models.RebuildBody
) -> JsonResponse[receipts.RequestReceipt]:
    """Request the same build again, under the configuration in force."""
    command = await rebuild_request(context, build_id, body)
    receipt = await context.execute(command, correlation_id=command.request_id)
    return await context.respond(receipts.RequestReceipt, receipt, status=201, request_id=command.request_id)
