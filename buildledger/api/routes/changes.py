"""Commits."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Query

from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import Cursor, IdPath, Limit, NameFilter
from buildledger.api.http.problems import NotFound
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import changes as models
from buildledger.api.models.limits import PAGE_DEFAULT
from buildledger.api.queries import changes as queries
from buildledger.api.queries.change_answers import ChangeAnswers
from buildledger.api.queries.readings import ReadModelsAsOf
from buildledger.events.change import FileChange

LISTING = "changes"
_files = msgspec.json.Decoder(list[FileChange])

router = api_router("changes")


@router.get("/changes")
def list_changes(
    read_models: ReadModelsAsOf,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    source: NameFilter = None,
    branch: NameFilter = None,
    author: Annotated[UUID | None, Query(description="A claim's id.")] = None,
    revision: Annotated[str | None, Query(pattern="^[0-9a-zA-Z]{4,64}$", description="Or what it begins with.")] = None,
    historic: Annotated[bool, Query(description="Also those from before the source was configured.")] = False,
) -> JsonResponse[models.ChangePage]:
    """Commits, the last seen first."""
    (before,) = key_of(LISTING, cursor, int) or (None,)
    with read_models.read("changes", "people") as readings:
        found = queries.list_changes(
            readings["changes"],
            limit=limit + 1,
            before=before,
            source=source,
            branch=branch,
            author=author,
            revision=revision,
            historic=historic,
        )
        rows, following = page(found, limit, lambda last: cursor_of(LISTING, last.seq))
        items = queries.as_changes(readings.personal_data(), rows)
        return readings.respond(models.ChangePage(items=items, next=following, position=readings.position))


@router.get("/changes/{change_id}")
def read_change(read_models: ReadModelsAsOf, change_id: IdPath) -> JsonResponse[models.ChangeDetail]:
    """One commit with its files."""
    with read_models.read("changes", "people") as readings:
        row = queries.change_row(readings["changes"], change_id)
        if row is None:
            raise NotFound("change", change_id)
        (change,) = queries.as_changes(readings.personal_data(), [row])
        files = [models.ChangedFile(path=file.path, kind=file.kind) for file in _files.decode(row.files)]
        return readings.respond(models.ChangeDetail(change=change, files=files, position=readings.position))


@router.get("/changes/{change_id}/answers")
def explain_change(read_models: ReadModelsAsOf, change_id: IdPath) -> JsonResponse[models.ChangeAnswers]:
    """Why a commit was built, or not: for each trigger that it may come to, and each builder of the trigger."""
    with read_models.read("changes", "people", "queue", "revisions", "status") as readings:
        row = queries.change_row(readings["changes"], change_id)
        if row is None:
            raise NotFound("change", change_id)
        return readings.respond(ChangeAnswers(readings, row).answer())
