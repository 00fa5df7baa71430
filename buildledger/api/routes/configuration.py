"""The configuration and its revisions."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from fastapi import APIRouter, Path, Request, Response

from buildledger.api.commands.context import CommandContext
from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import AsOf, Cursor, IdempotencyKeyHeader, Limit, Prefer, Wait
from buildledger.api.http.problems import Invalid, NotFound
from buildledger.api.http.responses import returns
from buildledger.api.models import config as models
from buildledger.api.models import receipts, request_models
from buildledger.api.models.limits import PAGE_DEFAULT, POSITION_MAX
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.api.queries.readings import Reads, reading
from buildledger.config.diff import diff
from buildledger.config.stored import UnreadableTextError, read_configuration
from buildledger.domain.config import ApplyConfig
from buildledger.projections.columns import moment
from buildledger.projections.revisions import effect_failure, revision
from buildledger.projections.row_buffers import chunks

LISTING = "revisions"
_plan = msgspec.json.Decoder(list[str])

router = APIRouter(tags=["configuration"])


@router.get("/config", **returns(models.ConfigDetail))
def read_config(request: Request, as_of: AsOf = None) -> Response:
    """The configuration in force."""
    with reading(request, as_of, "revisions", "people") as reads:
        at = reads["revisions"]
        row = at.first(sa.select(revision).where(at.existed(revision.c.seq)).order_by(revision.c.seq.desc()))
        if row is None:
            raise NotFound("configuration", "in force: none has been applied")
        return _detail(reads, row)


@router.post("/config", **returns(receipts.Receipt))
async def apply_config(
    request: Request,
    body: request_models.ConfigBody,
    prefer: Prefer = None,
    wait: Wait = True,
    key: IdempotencyKeyHeader = None,
) -> Response:
    """Put a configuration in force, whole. `buildledger config apply` checks a file and sends it here."""
    context = CommandContext(request, key, wait=wait, prefer=prefer)
    try:
        wanted = await asyncio.to_thread(read_configuration, body.text)
    except UnreadableTextError as error:
        raise Invalid(f"the text is no resolved configuration: {error.cause}") from None
    command = ApplyConfig(
        digest=wanted.digest,
        text=wanted.to_json(),
        origin=body.origin,
        plan=await asyncio.to_thread(lambda: diff(context.deps.active.current, wanted).plan()),
        expected_revision=body.expected_revision,
    )
    return await context.execute_and_respond(command)


@router.get("/config/revisions", **returns(models.ConfigRevisionPage))
def list_revisions(
    request: Request, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None, as_of: AsOf = None
) -> Response:
    """All revisions, newest first."""
    after = key_of(LISTING, cursor, int)
    with reading(request, as_of, "revisions", "people") as reads:
        at = reads["revisions"]
        query = sa.select(revision).where(at.existed(revision.c.seq)).order_by(revision.c.revision.desc())
        if after is not None:
            query = query.where(revision.c.revision < after[0])
        rows, last = page(at.all(query.limit(limit + 1)), limit)
        following = None if last is None else cursor_of(LISTING, last.revision)
        items = _revisions(reads, rows)
        return reads.respond(models.ConfigRevisionPage(items=items, next=following, position=reads.position))


@router.get("/config/revisions/{number}", **returns(models.ConfigDetail))
def read_revision(
    request: Request, number: Annotated[int, Path(ge=1, le=POSITION_MAX, examples=[1])], as_of: AsOf = None
) -> Response:
    """One revision with all it says."""
    with reading(request, as_of, "revisions", "people") as reads:
        at = reads["revisions"]
        row = at.first(sa.select(revision).where(revision.c.revision == number, at.existed(revision.c.seq)))
        if row is None:
            raise NotFound("revision", number)
        return _detail(reads, row)


def _detail(reads: Reads, row: sa.Row[Any]) -> Response:
    (made,) = _revisions(reads, [row])
    text = msgspec.json.decode(reads.configurations.text_at(row.seq))
    return reads.respond(models.ConfigDetail(revision=made, configuration=text, position=reads.position))


def _revisions(reads: Reads, rows: Sequence[sa.Row[Any]]) -> list[models.ConfigRevision]:
    at = reads["revisions"]
    personal = PersonalDataResolver(reads.deps.vault, reads["people"])
    personal.load(actors={row.applied_by for row in rows})
    active = at.first(sa.select(sa.func.max(revision.c.revision).label("revision")).where(at.existed(revision.c.seq)))
    failures: defaultdict[int, list[models.EffectFailure]] = defaultdict(list)
    failed = sa.select(effect_failure).where(at.existed(effect_failure.c.seq)).order_by(effect_failure.c.seq)
    for chunk in chunks([row.revision for row in rows]):
        for row in at.all(failed.where(effect_failure.c.revision.in_(chunk))):
            failure = models.EffectFailure(component=row.component, detail=row.detail, failed_at=moment(row.failed_at))
            failures[row.revision].append(failure)
    return [
        models.ConfigRevision(
            revision=row.revision,
            digest=row.digest,
            origin=row.origin,
            plan=_plan.decode(row.plan),
            applied_by=personal.actor(row.applied_by),
            applied_at=moment(row.applied_at),
            position=row.seq,
            active=active is not None and row.revision == active.revision,
            failures=failures[row.revision],
        )
        for row in rows
    ]
