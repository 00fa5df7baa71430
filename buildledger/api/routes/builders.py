"""Builders."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response

from buildledger.api.commands.build_requests import force_request
from buildledger.api.commands.context import CommandContext
from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import (
    AsOf,
    BuilderPath,
    BuildersLimit,
    Cursor,
    IdempotencyKeyHeader,
    NameFilter,
    Prefer,
    Wait,
)
from buildledger.api.http.problems import NotFound
from buildledger.api.http.responses import returns
from buildledger.api.models import builders as models
from buildledger.api.models import receipts, request_models
from buildledger.api.models.limits import PAGE_DEFAULT
from buildledger.api.queries import builders as builder_queries
from buildledger.api.queries import builds as build_queries
from buildledger.api.queries import requests as request_queries
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.api.queries.readings import Reads, reading
from buildledger.api.queries.wait_reasons import WaitReasons
from buildledger.config.inputs import InputSpec
from buildledger.config.resolved import Builder, Configuration
from buildledger.projections.changes import branch
from buildledger.projections.queue_tables import request as request_table
from buildledger.projections.status_tables import build, builder

LISTING = "builders"
DETAIL_VIEWS = ("status", "queue", "workers", "changes", "people", "revisions")
RECENT_BUILDS = 25
WAITING_REQUESTS = 10
BRANCHES_OFFERED = 200

router = APIRouter(tags=["builders"])


@router.get("/builders", **returns(models.BuilderPage))
def list_builders(
    request: Request,
    limit: BuildersLimit = PAGE_DEFAULT,
    cursor: Cursor = None,
    as_of: AsOf = None,
    search: Annotated[
        str | None, Query(min_length=1, max_length=200, description="Part of the name, the description or a tag.")
    ] = None,
    status: Annotated[models.BuilderStatus | None, Query()] = None,
    tag: NameFilter = None,
    project: NameFilter = None,
) -> Response:
    """All builders by name: those configured, and those that only history knows."""
    after = key_of(LISTING, cursor, str)
    with reading(request, as_of, "status") as reads:
        query = builder_queries.listed(reads["status"]).order_by(builder.c.name).limit(limit + 1)
        if after is not None:
            query = query.where(builder.c.name > after[0])
        if status is not None:
            query = query.where(builder.c.status == status)
        if project is not None:
            query = query.where(builder.c.project == project)
        if tag is not None:
            query = query.where(builder.c.tags.contains(f'"{tag}"', autoescape=True))
        if search is not None:
            fields = (builder.c.name, builder.c.description, builder.c.tags)
            query = query.where(sa.or_(*(field.icontains(search, autoescape=True) for field in fields)))
        rows, last = page(reads["status"].all(query), limit)
        items = builder_queries.as_builders(reads["status"], rows)
        following = None if last is None else cursor_of(LISTING, last.name)
        return reads.respond(models.BuilderPage(items=items, next=following, position=reads.position))


@router.get("/builders/{name}", **returns(models.BuilderDetail))
def read_builder(request: Request, name: BuilderPath, as_of: AsOf = None) -> Response:
    """All about one builder."""
    with reading(request, as_of, *DETAIL_VIEWS) as reads:
        status = reads["status"]
        rows = status.all(builder_queries.listed(status).where(builder.c.name == name))
        if not rows:
            raise NotFound("builder", name)
        configuration = reads.configurations.in_force(reads["revisions"])
        configured = None if configuration is None else configuration.builders.get(name)
        personal = PersonalDataResolver(reads.deps.vault, reads["people"])
        recent = status.all(
            build_queries.listed(status)
            .where(build.c.builder == name)
            .order_by(build.c.number.desc())
            .limit(RECENT_BUILDS)
        )
        queue = reads["queue"]
        waiting = request_queries.in_line(request_queries.listed(queue).where(request_table.c.builder == name))
        first = queue.all(waiting.limit(WAITING_REQUESTS))
        made = models.BuilderDetail(
            builder=builder_queries.as_builders(status, rows)[0],
            steps=[] if configured is None else [step.name for step in configured.steps],
            sources=[] if configuration is None or configured is None else _sources(reads, configuration, configured),
            inputs=[] if configured is None else [_input(*item) for item in configured.inputs.items()],
            locks=[] if configured is None else [use.lock for use in configured.locks],
            waiting=request_queries.as_requests(personal, first, WaitReasons(reads)),
            waiting_count=queue.count(waiting.with_only_columns(request_table.c.seq).order_by(None)),
            recent=build_queries.as_builds(status, personal, recent),
            position=reads.position,
        )
        return reads.respond(made)


@router.post("/builders/{name}/force", **returns(receipts.RequestReceipt, status=201))
async def force_build(
    request: Request,
    name: BuilderPath,
    body: request_models.ForceBody,
    prefer: Prefer = None,
    wait: Wait = True,
    key: IdempotencyKeyHeader = None,
) -> Response:
    """Request a build by hand. Answered when the request is durable."""
    context = CommandContext(request, key, wait=wait, prefer=prefer)
    command = await force_request(context, name, body)
    receipt = await context.execute(command, correlation_id=command.request_id)
    return await context.respond(receipts.RequestReceipt, receipt, status=201, request_id=command.request_id)


def _sources(reads: Reads, configuration: Configuration, configured: Builder) -> list[models.BuilderSource]:
    changes = reads["changes"]
    found = []
    for name in configured.sources:
        rows = changes.all(
            sa.select(branch.c.name)
            .where(branch.c.source == name, changes.is_current(branch))
            .order_by(branch.c.moved_at.desc(), branch.c.name)
            .limit(BRANCHES_OFFERED)
        )
        source = configuration.sources.get(name)
        default = None if source is None else source.default_branch
        found.append(models.BuilderSource(name=name, default_branch=default, branches=[row.name for row in rows]))
    return found


def _input(name: str, spec: InputSpec) -> models.Input:
    default = list(spec.default) if isinstance(spec.default, tuple) else spec.default
    return models.Input(
        name=name,
        type=spec.type,
        description=spec.description,
        required=spec.default is None,
        default=default,
        enum=list(spec.enum),
        pattern=spec.pattern,
    )
