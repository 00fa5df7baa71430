"""Sources, their branches, what their repositories define themselves, and hints that a source has new commits."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Query

from buildledger.api.http.dependencies import ApiDependencies, Dependencies
from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import BuildersLimit, Cursor, Limit, SourcePath
from buildledger.api.http.problems import NotFound
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import changes as models
from buildledger.api.models import pipelines, receipts
from buildledger.api.models.limits import PAGE_DEFAULT
from buildledger.api.queries import source_pipelines
from buildledger.api.queries import sources as queries
from buildledger.api.queries.readings import Readings, ReadModelsAsOf
from buildledger.config.resolved import RepoPipeline

PIPELINES, DEFINED = "pipelines", "defined-builders"
"""The lists, for cursors."""

router = api_router("sources")


@router.get("/sources")
def list_sources(read_models: ReadModelsAsOf) -> JsonResponse[models.SourceList]:
    """All sources by name, with their branches."""
    with read_models.read("changes", "revisions") as readings:
        configuration = readings.configurations.in_force(readings["revisions"])
        grants = {} if configuration is None else configuration.repo_pipelines
        items = queries.list_sources(readings["changes"], grants)
        return readings.respond(models.SourceList(items=items, position=readings.position))


@router.get("/sources/{name}/pipelines")
def list_pipelines(
    read_models: ReadModelsAsOf,
    name: SourcePath,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    outcome: Annotated[pipelines.PipelineOutcome | None, Query(description="Only branches where it is so.")] = None,
) -> JsonResponse[pipelines.SourcePipelines]:
    """What the repository's own file defines on each branch, the branch that moved last first."""
    after = key_of(PIPELINES, cursor, int, str)
    with read_models.read("pipelines", "changes", "revisions") as readings:
        grant = _grant(readings, name)
        heads = [] if grant is None else source_pipelines.heads_of(readings["pipelines"], name, grant)
        wanted = [each for each in heads if (outcome in (None, each.outcome)) and (after is None or each.key > after)]
        found, following = page(wanted[: limit + 1], limit, lambda last: cursor_of(PIPELINES, *last.key))
        items = [] if grant is None else source_pipelines.as_branches(readings, name, grant, found)
        answer = pipelines.SourcePipelines(
            source=name,
            granted=None if grant is None else source_pipelines.as_grants(grant),
            counts=source_pipelines.counted(heads),
            items=items,
            next=following,
            position=readings.position,
        )
        return readings.respond(answer)


@router.get("/sources/{name}/defined-builders")
def list_defined_builders(
    read_models: ReadModelsAsOf, name: SourcePath, limit: BuildersLimit = PAGE_DEFAULT, cursor: Cursor = None
) -> JsonResponse[pipelines.DefinedBuilderPage]:
    """The builders that the repository's own file defines on any branch, and those that it has ever defined."""
    (after,) = key_of(DEFINED, cursor, str) or (None,)
    with read_models.read("pipelines", "changes", "revisions") as readings:
        grant = _grant(readings, name)
        names = source_pipelines.list_defined(readings["pipelines"], name, limit=limit + 1, after=after)
        found, following = page(names, limit, lambda last: cursor_of(DEFINED, last))
        items = source_pipelines.as_defined(readings["pipelines"], name, grant, found)
        return readings.respond(pipelines.DefinedBuilderPage(items=items, next=following, position=readings.position))


def _grant(readings: Readings, name: str) -> RepoPipeline | None:
    """What the repository of a source may define; None: nothing.

    Raises:
        NotFound: nothing ever spoke of such a source.
    """
    if not queries.is_known(readings["changes"], name):
        raise NotFound("source", name)
    configuration = readings.configurations.in_force(readings["revisions"])
    return None if configuration is None else configuration.repo_pipelines.get(name)


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
