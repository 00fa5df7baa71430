"""The configuration and its revisions."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from fastapi import Path, Query

from buildledger.api.commands import configuration as commands
from buildledger.api.commands.context import Commands
from buildledger.api.http.dependencies import Dependencies
from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import Cursor, Limit
from buildledger.api.http.problems import NotFound
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import config as models
from buildledger.api.models import receipts, request_models
from buildledger.api.models.limits import PAGE_DEFAULT, POSITION_MAX
from buildledger.api.queries import plans
from buildledger.api.queries import revisions as queries
from buildledger.api.queries.readings import Readings, ReadModelsAsOf
from buildledger.config.plan.usable import hindrances
from buildledger.domain.config import ApplyConfig

LISTING = "revisions"
RevisionNumber = Annotated[int, Path(ge=1, le=POSITION_MAX, description="The revision's number.", examples=[1])]
Entries = Annotated[bool, Query(description="Answer with all that differs, field by field, for programs.")]

router = api_router("configuration")


@router.get("/config")
def read_config(read_models: ReadModelsAsOf) -> JsonResponse[models.ConfigDetail]:
    """The configuration in force."""
    with read_models.read("revisions", "people") as readings:
        row = queries.revision_in_force(readings["revisions"])
        if row is None:
            raise NotFound("configuration", "in force: none has been applied")
        return _detail(readings, row)


@router.post("/config")
async def apply_config(context: Commands, body: request_models.ConfigBody) -> JsonResponse[receipts.Receipt]:
    """Put a configuration in force, whole. `buildledger config apply` checks a file and sends it here."""
    configuration = await commands.configuration_of(body.text)
    await asyncio.to_thread(commands.check_usable, configuration)
    command = ApplyConfig(
        digest=configuration.digest,
        text=configuration.to_json(),
        origin=body.origin,
        message=body.message,
        expected_revision=body.expected_revision,
    )
    return await context.respond(receipts.Receipt, await commands.apply(context, command, configuration))


@router.post("/config/plan")
async def plan_config(
    read_models: ReadModelsAsOf, body: request_models.ConfigTextBody, entries: Entries = False
) -> JsonResponse[models.ConfigPlan]:
    """What a configuration would change if it were put in force; changes nothing."""
    configuration = await commands.configuration_of(body.text)

    def planned() -> JsonResponse[models.ConfigPlan]:
        why_not = hindrances(configuration)
        with read_models.read(*plans.VIEWS) as readings:
            return readings.respond(plans.plan(readings, configuration, with_entries=entries, hindrances=why_not))

    return await asyncio.to_thread(planned)


@router.post("/config/rollback")
async def roll_back(context: Commands, body: request_models.RollbackBody) -> JsonResponse[receipts.Receipt]:
    """Put the content of an earlier revision in force again, as a new revision and by the same checks."""
    found, origin = await asyncio.to_thread(commands.revision_text, context.deps, body.revision)
    await asyncio.to_thread(commands.check_usable, found, body.revision)
    command = ApplyConfig(
        digest=found.digest,
        text=found.to_json(),
        origin=origin,
        message=body.message,
        restores=body.revision,
        expected_revision=body.expected_revision,
    )
    return await context.respond(receipts.Receipt, await commands.apply(context, command, found))


@router.get("/config/revisions")
def list_revisions(
    read_models: ReadModelsAsOf,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    before: Annotated[int, Query(ge=1, le=POSITION_MAX, description="Only revisions before this one.")] = POSITION_MAX,
) -> JsonResponse[models.ConfigRevisionPage]:
    """All revisions, newest first."""
    (before,) = key_of(LISTING, cursor, int) or (before,)
    with read_models.read("revisions", "people") as readings:
        revisions = readings["revisions"]
        found = queries.list_revisions(revisions, limit=limit + 1, before=before)
        rows, following = page(found, limit, lambda last: cursor_of(LISTING, last.revision))
        items = queries.as_revisions(revisions, readings.personal_data(), rows)
        return readings.respond(models.ConfigRevisionPage(items=items, next=following, position=readings.position))


@router.get("/config/revisions/{number}")
def read_revision(
    read_models: ReadModelsAsOf,
    number: RevisionNumber,
) -> JsonResponse[models.ConfigDetail]:
    """One revision with all it says."""
    with read_models.read("revisions", "people") as readings:
        row = queries.revision_row(readings["revisions"], number)
        if row is None:
            raise NotFound("revision", number)
        return _detail(readings, row)


@router.get("/config/revisions/{number}/plan")
def plan_revision(
    context: Dependencies, read_models: ReadModelsAsOf, number: RevisionNumber, entries: Entries = False
) -> JsonResponse[models.ConfigPlan]:
    """What going back to a revision would change, and what stands in its way."""
    found, _ = commands.revision_text(context, number)
    why_not = hindrances(found)
    with read_models.read(*plans.VIEWS) as readings:
        return readings.respond(plans.plan(readings, found, with_entries=entries, hindrances=why_not))


def _detail(readings: Readings, row: sa.Row[Any]) -> JsonResponse[models.ConfigDetail]:
    (revision,) = queries.as_revisions(readings["revisions"], readings.personal_data(), [row])
    text = msgspec.json.decode(readings.configurations.text_at(row.seq))
    return readings.respond(models.ConfigDetail(revision=revision, configuration=text, position=readings.position))
