"""The configuration and its revisions."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from fastapi import Path

from buildledger.api.commands.context import Commands
from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import Cursor, Limit
from buildledger.api.http.problems import Invalid, NotFound
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import config as models
from buildledger.api.models import receipts, request_models
from buildledger.api.models.limits import PAGE_DEFAULT, POSITION_MAX
from buildledger.api.queries import revisions as queries
from buildledger.api.queries.readings import Readings, ReadModelsAsOf
from buildledger.config.diff import diff
from buildledger.config.plan import stored_lines
from buildledger.config.stored import read_configuration
from buildledger.domain.config import ApplyConfig
from buildledger.events.stored_format import UnreadableTextError

LISTING = "revisions"

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
    try:
        configuration = await asyncio.to_thread(read_configuration, body.text)
    except UnreadableTextError as error:
        raise Invalid(f"the text is no resolved configuration: {error.cause}") from None
    command = ApplyConfig(
        digest=configuration.digest,
        text=configuration.to_json(),
        origin=body.origin,
        plan=await asyncio.to_thread(lambda: stored_lines(diff(context.deps.active.current, configuration))),
        expected_revision=body.expected_revision,
    )
    return await context.execute_and_respond(command)


@router.get("/config/revisions")
def list_revisions(
    read_models: ReadModelsAsOf, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> JsonResponse[models.ConfigRevisionPage]:
    """All revisions, newest first."""
    (before,) = key_of(LISTING, cursor, int) or (None,)
    with read_models.read("revisions", "people") as readings:
        revisions = readings["revisions"]
        found = queries.list_revisions(revisions, limit=limit + 1, before=before)
        rows, following = page(found, limit, lambda last: cursor_of(LISTING, last.revision))
        items = queries.as_revisions(revisions, readings.personal_data(), rows)
        return readings.respond(models.ConfigRevisionPage(items=items, next=following, position=readings.position))


@router.get("/config/revisions/{number}")
def read_revision(
    read_models: ReadModelsAsOf,
    number: Annotated[int, Path(ge=1, le=POSITION_MAX, description="The revision's number.", examples=[1])],
) -> JsonResponse[models.ConfigDetail]:
    """One revision with all it says."""
    with read_models.read("revisions", "people") as readings:
        row = queries.revision_row(readings["revisions"], number)
        if row is None:
            raise NotFound("revision", number)
        return _detail(readings, row)


def _detail(readings: Readings, row: sa.Row[Any]) -> JsonResponse[models.ConfigDetail]:
    (revision,) = queries.as_revisions(readings["revisions"], readings.personal_data(), [row])
    text = msgspec.json.decode(readings.configurations.text_at(row.seq))
    return readings.respond(models.ConfigDetail(revision=revision, configuration=text, position=readings.position))
