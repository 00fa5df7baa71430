"""Sources, their branches, and hints that a source has new commits."""

from __future__ import annotations

import asyncio

from buildledger.api.http.dependencies import ApiDependencies, Dependencies
from buildledger.api.http.parameters import SourcePath
from buildledger.api.http.problems import NotFound
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import changes as models
from buildledger.api.models import receipts
from buildledger.api.queries import sources as queries
from buildledger.api.queries.readings import ReadModelsAsOf

router = api_router("sources")


@router.get("/sources")
def list_sources(read_models: ReadModelsAsOf) -> JsonResponse[models.SourceList]:
    """All sources by name, with their branches."""
    with read_models.read("changes") as readings:
        items = queries.list_sources(readings["changes"])
        return readings.respond(models.SourceList(items=items, position=readings.position))


@router.post("/sources/{name}/trigger-poll", status_code=202)
async def trigger_poll(deps: Dependencies, name: SourcePath) -> JsonResponse[receipts.Receipt]:
    """Poll a source now, because it has new commits. Meant for hooks: any body is accepted and ignored.

    What is new is read from the repository, also by the first poll after a start, so a call that was answered can't be
    lost with the server.
    """
    if not deps.trigger_poll(name):
        raise await asyncio.to_thread(_missing, deps, name)
    head = deps.ledger.head()
    return JsonResponse(receipts.Receipt(position=head, duplicate=False, visible=True), status=202, position=head)


def _missing(deps: ApiDependencies, name: str) -> NotFound:
    """Why a source isn't polled: it isn't configured, or another server polls."""
    configuration = deps.active.current
    if configuration is not None and name in configuration.sources:
        return NotFound("source that this server polls with the name", name)
    with deps.views.read(None, "changes") as (changes,):
        return queries.missing_source(changes, name)
