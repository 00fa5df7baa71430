"""Sources, their branches, and hints that a source has new commits."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from buildledger.api.http.dependencies import dependencies
from buildledger.api.http.parameters import AsOf, SourcePath
from buildledger.api.http.problems import NotFound
from buildledger.api.http.responses import json_response, returns
from buildledger.api.models import changes as models
from buildledger.api.models import receipts
from buildledger.api.queries.readings import reading
from buildledger.projections.changes import branch, source
from buildledger.projections.columns import moment

router = APIRouter(tags=["sources"])


@router.get("/sources", **returns(models.SourceList))
def list_sources(request: Request, as_of: AsOf = None) -> Response:
    """All sources by name, with their branches."""
    with reading(request, as_of, "changes") as reads:
        changes = reads["changes"]
        branches: defaultdict[str, list[models.Branch]] = defaultdict(list)
        for row in changes.all(
            sa.select(branch).where(changes.is_current(branch)).order_by(branch.c.source, branch.c.name)
        ):
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
            for row in changes.all(sa.select(source).where(changes.is_current(source)).order_by(source.c.name))
        ]
        return reads.respond(models.SourceList(items=items, position=reads.position))


@router.post("/sources/{name}/trigger-poll", **returns(receipts.Receipt, status=202))
async def trigger_poll(request: Request, name: SourcePath) -> Response:
    """Poll a source now, because it has new commits. Meant for hooks: any body is accepted and ignored.

    What is new is read from the repository, also by the first poll after a start, so a call that was answered can't be
    lost with the server.
    """
    deps = dependencies(request)
    if not deps.trigger_poll(name):
        raise NotFound("polled source", name)
    head = deps.ledger.head()
    return json_response(receipts.Receipt(position=head, duplicate=False, visible=True), status=202, position=head)


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
