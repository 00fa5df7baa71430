"""Commits."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response

from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import AsOf, Cursor, IdPath, Limit, NameFilter
from buildledger.api.http.problems import NotFound
from buildledger.api.http.responses import returns
from buildledger.api.models import changes as models
from buildledger.api.models.limits import PAGE_DEFAULT
from buildledger.api.queries.changes import as_changes
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.api.queries.readings import reading
from buildledger.events.change import FileChange
from buildledger.projections.changes import change

LISTING = "changes"
_files = msgspec.json.Decoder(list[FileChange])

router = APIRouter(tags=["changes"])


@router.get("/changes", **returns(models.ChangePage))
def list_changes(
    request: Request,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    as_of: AsOf = None,
    source: NameFilter = None,
    branch: NameFilter = None,
    author: Annotated[UUID | None, Query(description="A claim's id.")] = None,
    revision: Annotated[str | None, Query(pattern="^[0-9a-zA-Z]{4,64}$", description="Or what it begins with.")] = None,
    historic: Annotated[bool, Query(description="Also those from before the source was configured.")] = False,
) -> Response:
    """Commits, the last seen first."""
    after = key_of(LISTING, cursor, int)
    with reading(request, as_of, "changes", "people") as reads:
        query = sa.select(change).where(reads["changes"].existed(change.c.seq))
        query = query.order_by(change.c.seq.desc()).limit(limit + 1)
        if after is not None:
            query = query.where(change.c.seq < after[0])
        if source is not None:
            query = query.where(change.c.source == source)
        if branch is not None:
            query = query.where(change.c.branch == branch)
        if author is not None:
            query = query.where(change.c.author == author)
        if revision is not None:
            query = query.where(change.c.revision >= revision, change.c.revision < revision + "\x7f")
        if not historic:
            query = query.where(~change.c.historic)
        rows, last = page(reads["changes"].all(query), limit)
        items = as_changes(PersonalDataResolver(reads.deps.vault, reads["people"]), rows)
        following = None if last is None else cursor_of(LISTING, last.seq)
        return reads.respond(models.ChangePage(items=items, next=following, position=reads.position))


@router.get("/changes/{change_id}", **returns(models.ChangeDetail))
def read_change(request: Request, change_id: IdPath, as_of: AsOf = None) -> Response:
    """One commit with its files."""
    with reading(request, as_of, "changes", "people") as reads:
        rows = reads["changes"].all(
            sa.select(change).where(change.c.id == change_id, reads["changes"].existed(change.c.seq))
        )
        if not rows:
            raise NotFound("change", change_id)
        (made,) = as_changes(PersonalDataResolver(reads.deps.vault, reads["people"]), rows)
        files = [models.ChangedFile(path=file.path, kind=file.kind) for file in _files.decode(rows[0].files)]
        return reads.respond(models.ChangeDetail(change=made, files=files, position=reads.position))
