"""Sources, their branches, and the notes that something has moved."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from buildledger.api.http.dependencies import dependencies
from buildledger.api.http.parameters import AsOf, SourcePath
from buildledger.api.http.problems import NotFound
from buildledger.api.http.reads import reading
from buildledger.api.http.responses import answer, returns
from buildledger.api.models import changes as models
from buildledger.api.models import receipts
from buildledger.projections.changes import branch, source
from buildledger.projections.columns import moment

router = APIRouter(tags=["sources"])


@router.get("/sources", **returns(models.SourceList))
def list_sources(request: Request, as_of: AsOf = None) -> Response:
    """All sources by name, with their branches."""
    with reading(request, as_of, "changes") as reads:
        changes = reads["changes"]
        branches: defaultdict[str, list[models.Branch]] = defaultdict(list)
        for row in changes.all(sa.select(branch).where(changes.holds(branch)).order_by(branch.c.source, branch.c.name)):
            standing = models.Branch(
                name=row.name,
                revision=row.revision,
                forced=row.forced,
                moved_at=moment(row.moved_at),
                position=row.since,
            )
            branches[row.source].append(standing)
        items = [
            _source(row, branches[row.name])
            for row in changes.all(sa.select(source).where(changes.holds(source)).order_by(source.c.name))
        ]
        return reads.answer(models.SourceList(items=items, position=reads.position))


@router.post("/sources/{name}/notify", **returns(receipts.Receipt, status=202))
async def notify_source(request: Request, name: SourcePath) -> Response:
    """Say that a source has moved: it is looked at at once.

    A note carries no commits, whatever its body holds: what is new is read from the repository, also by the first look
    after a start, so a note that was answered can't be lost with the server.
    """
    deps = dependencies(request)
    if not deps.notify_source(name):
        raise NotFound("polled source", name)
    head = deps.ledger.head()
    return answer(receipts.Receipt(position=head, duplicate=False, visible=True), status=202, position=head)


def _source(row: sa.Row[tuple[object, ...]], branches: list[models.Branch]) -> models.Source:
    outage = None
    if row.cause is not None:
        outage = models.Outage(cause=row.cause, detail=row.detail, since=moment(row.failed_at))
    return models.Source(
        name=row.name,
        configured=row.configured,
        kind=row.kind,
        url=row.url,
        default_branch=row.default_branch,
        outage=outage,
        branches=branches,
    )
