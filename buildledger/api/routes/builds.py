"""Builds and their steps."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import sqlalchemy as sa
from fastapi import APIRouter, Path, Query, Request, Response

from buildledger.api.commands.build_requests import rebuild_request
from buildledger.api.commands.context import CommandContext
from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import (
    AsOf,
    BuilderPath,
    Cursor,
    IdempotencyKeyHeader,
    IdPath,
    Limit,
    NameFilter,
    Prefer,
    Wait,
)
from buildledger.api.http.problems import NotFound
from buildledger.api.http.responses import returns
from buildledger.api.models import builds as models
from buildledger.api.models import changes, receipts, request_models
from buildledger.api.models.limits import PAGE_DEFAULT, POSITION_MAX
from buildledger.api.models.scalars import ResultName
from buildledger.api.queries import builds as build_queries
from buildledger.api.queries.artifacts import artifacts_of, summary_of
from buildledger.api.queries.changes import as_blame, blame_rows, blamed_ids, changes_by_id
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.api.queries.readings import Reads, reading
from buildledger.api.queries.steps import properties_of, steps_of
from buildledger.domain.build import StopBuild
from buildledger.domain.build_rules import AGGREGATE as BUILD
from buildledger.events.ids import BuildId
from buildledger.projections.queue_tables import request as request_table
from buildledger.projections.revisions import revision
from buildledger.projections.status_tables import UNFINISHED, build, build_state

LISTING = "builds"
DETAIL_VIEWS = ("status", "people", "changes", "blamelist", "queue", "revisions", "tests")
_ids = msgspec.json.Decoder(list[UUID])

router = APIRouter(tags=["builds"])


@router.get("/builds", **returns(models.BuildPage))
def list_builds(
    request: Request,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    as_of: AsOf = None,
    builder: NameFilter = None,
    status: Annotated[Literal["running", "finished"] | None, Query()] = None,
    result: Annotated[ResultName | None, Query()] = None,
    worker: NameFilter = None,
    request_id: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Builds, newest first."""
    after = key_of(LISTING, cursor, int)
    with reading(request, as_of, "status", "people") as reads:
        of_some = (builder, worker, request_id) != (None, None, None)
        seq = build.c.seq if of_some else reads["status"].sort_column(build.c.seq, build_state.c.seq)
        query = build_queries.listed(reads["status"]).order_by(seq.desc()).limit(limit + 1)
        if after is not None:
            query = query.where(seq < after[0])
        if builder is not None:
            query = query.where(build.c.builder == builder)
        if worker is not None:
            query = query.where(build.c.worker == worker)
        if request_id is not None:
            query = query.where(build.c.request_id == request_id)
        if result is not None:
            query = query.where(build_state.c.result == result)
        if status is not None:
            query = query.where(UNFINISHED if status == "running" else ~UNFINISHED)
        rows, last = page(reads["status"].all(query), limit)
        items = build_queries.as_builds(reads["status"], PersonalDataResolver(reads.deps.vault, reads["people"]), rows)
        following = None if last is None else cursor_of(LISTING, last.seq)
        return reads.respond(models.BuildPage(items=items, next=following, position=reads.position))


@router.get("/builds/{build_id}", **returns(models.BuildDetail))
def read_build(request: Request, build_id: IdPath, as_of: AsOf = None) -> Response:
    """All about one build."""
    with reading(request, as_of, *DETAIL_VIEWS) as reads:
        return reads.respond(_detail(reads, build.c.id == build_id, build_id))


@router.get("/builders/{name}/builds/{number}", tags=["builders"], **returns(models.BuildDetail))
def read_build_by_number(
    request: Request,
    name: BuilderPath,
    number: Annotated[int, Path(ge=1, le=POSITION_MAX, examples=[12])],
    as_of: AsOf = None,
) -> Response:
    """All about the build of a builder that has this number."""
    with reading(request, as_of, *DETAIL_VIEWS) as reads:
        which = sa.and_(build.c.builder == name, build.c.number == number)
        return reads.respond(_detail(reads, which, f"{name} #{number}"))


@router.get("/builds/{build_id}/steps", **returns(models.StepList))
def list_steps(request: Request, build_id: IdPath, as_of: AsOf = None) -> Response:
    """The steps of a build with their operations and logs."""
    with reading(request, as_of, "status") as reads:
        seq = build_queries.seq_of(reads["status"], build_id)
        return reads.respond(models.StepList(items=steps_of(reads["status"], seq, build_id), position=reads.position))


@router.get("/builds/{build_id}/blamelist", **returns(changes.ChangeList))
def list_blamed(request: Request, build_id: IdPath, as_of: AsOf = None) -> Response:
    """The commits that the build brought and no green build of its stream had, of all its sources, newest first."""
    with reading(request, as_of, "status", "people", "changes", "blamelist") as reads:
        build_queries.seq_of(reads["status"], build_id)  # refuses an unknown build
        ids = [key for row in blame_rows(reads["blamelist"], [build_id]) for key in blamed_ids(row)]
        known = changes_by_id(reads["changes"], PersonalDataResolver(reads.deps.vault, reads["people"]), ids)
        items = [known[key] for key in ids if key in known]
        return reads.respond(changes.ChangeList(items=items, position=reads.position))


@router.post("/builds/{build_id}/stop", **returns(receipts.Receipt))
async def stop_build(
    request: Request,
    build_id: IdPath,
    body: request_models.ReasonBody,
    prefer: Prefer = None,
    wait: Wait = True,
    key: IdempotencyKeyHeader = None,
) -> Response:
    """Ask for the build's end; it ends when its worker has stopped what runs."""
    context = CommandContext(request, key, wait=wait, prefer=prefer)
    await context.require(BUILD, build_id)
    return await context.execute_and_respond(
        StopBuild(build_id=BuildId(build_id), reason=body.reason or "stopped by hand")
    )


@router.post("/builds/{build_id}/rebuild", **returns(receipts.RequestReceipt, status=201))
async def rebuild(
    request: Request,
    build_id: IdPath,
    body: request_models.RebuildBody,
    prefer: Prefer = None,
    wait: Wait = True,
    key: IdempotencyKeyHeader = None,
) -> Response:
    """Request the same build again, under the configuration in force."""
    context = CommandContext(request, key, wait=wait, prefer=prefer)
    command = await rebuild_request(context, build_id, body)
    receipt = await context.execute(command, correlation_id=command.request_id)
    return await context.respond(receipts.RequestReceipt, receipt, status=201, request_id=command.request_id)


def _detail(reads: Reads, which: sa.ColumnElement[bool], name: object) -> models.BuildDetail:
    status = reads["status"]
    row = status.first(build_queries.listed(status).where(which))
    if row is None:
        raise NotFound("build", name)
    personal = PersonalDataResolver(reads.deps.vault, reads["people"])
    (made,) = build_queries.as_builds(status, personal, [row])
    fixed = status.first(sa.select(build).where(build.c.seq == row.seq))
    assert fixed is not None
    blames = blame_rows(reads["blamelist"], [row.id])
    change_ids = _ids.decode(fixed.changes)
    known = changes_by_id(
        reads["changes"], personal, {*change_ids, *(key for one in blames for key in blamed_ids(one))}
    )
    same_builder = build.c.builder == row.builder
    return models.BuildDetail(
        build=made,
        inputs=msgspec.json.decode(fixed.inputs),
        config_revision=_revision(reads, fixed.config_digest),
        config_digest=fixed.config_digest,
        requests=_ids.decode(fixed.requests),
        previous=build_queries.reference_where(status, same_builder, build.c.number == row.number - 1),
        next=build_queries.reference_where(status, same_builder, build.c.number == row.number + 1),
        rebuild_of=_rebuild_of(reads, fixed.request_id),
        steps=steps_of(status, row.seq, row.id),
        planned_steps=_planned(reads, row.builder, fixed.config_digest),
        properties=properties_of(status, row.seq),
        artifacts=artifacts_of(status, row.seq, reads.deps.keep_artifacts),
        tests=summary_of(reads["tests"], row.id),
        changes=[known[key] for key in change_ids if key in known],
        blame=[as_blame(one, known) for one in blames],
        position=reads.position,
    )


def _revision(reads: Reads, digest: str) -> int | None:
    table, at = revision, reads["revisions"]
    query = sa.select(table.c.revision).where(table.c.digest == digest, at.existed(table.c.seq))
    row = at.first(query.order_by(table.c.seq.desc()))
    return None if row is None else int(row.revision)


def _rebuild_of(reads: Reads, request_id: UUID | None) -> UUID | None:
    queue = reads["queue"]
    query = sa.select(request_table.c.rebuild_of).where(request_table.c.id == request_id)
    row: sa.Row[Any] | None = queue.first(query.where(queue.existed(request_table.c.seq)))
    return None if row is None else row.rebuild_of


def _planned(reads: Reads, builder: str, digest: str) -> list[str]:
    configuration = reads.configurations.of(reads["revisions"], digest)
    configured = None if configuration is None else configuration.builders.get(builder)
    return [] if configured is None else [step.name for step in configured.steps]
