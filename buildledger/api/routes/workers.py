"""Workers, and how new ones get in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from fastapi import APIRouter, Request, Response

from buildledger.api.commands.context import CommandContext
from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import AsOf, Cursor, IdempotencyKeyHeader, Limit, Prefer, Wait, WorkerPath
from buildledger.api.http.problems import NotFound
from buildledger.api.http.responses import returns
from buildledger.api.models import receipts, request_models
from buildledger.api.models import workers as models
from buildledger.api.models.limits import PAGE_DEFAULT
from buildledger.api.queries import builds as build_queries
from buildledger.api.queries import workers as worker_queries
from buildledger.api.queries.readings import reading
from buildledger.domain.command import Command
from buildledger.domain.enrollment import AGGREGATE as ENROLLMENT
from buildledger.domain.enrollment import IssueEnrollment
from buildledger.domain.worker import PauseWorker, ResumeWorker, RevokeWorker
from buildledger.domain.worker_rules import AGGREGATE as WORKER
from buildledger.projections.workers import worker

LISTING = "workers"
TOKEN_PREFIX = "ble_"  # noqa: S105 - what tokens begin with, so that leaked ones can be found
TOKEN_BYTES = 24

router = APIRouter(tags=["workers"])


@router.get("/workers", **returns(models.WorkerPage))
def list_workers(request: Request, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None, as_of: AsOf = None) -> Response:
    """All workers by name: those configured, and those that only history knows."""
    after = key_of(LISTING, cursor, str)
    with reading(request, as_of, "workers", "status") as reads:
        query = worker_queries.listed(reads["workers"]).order_by(worker.c.name).limit(limit + 1)
        if after is not None:
            query = query.where(worker.c.name > after[0])
        rows, last = page(reads["workers"].all(query), limit)
        items = worker_queries.as_workers(rows, build_queries.running(reads["status"]))
        following = None if last is None else cursor_of(LISTING, last.name)
        return reads.respond(models.WorkerPage(items=items, next=following, position=reads.position))


@router.get("/workers/{name}", **returns(models.WorkerDetail))
def read_worker(request: Request, name: WorkerPath, as_of: AsOf = None) -> Response:
    """One worker."""
    with reading(request, as_of, "workers", "status") as reads:
        rows = reads["workers"].all(worker_queries.listed(reads["workers"]).where(worker.c.name == name))
        if not rows:
            raise NotFound("worker", name)
        (made,) = worker_queries.as_workers(rows, build_queries.running(reads["status"]))
        return reads.respond(models.WorkerDetail(worker=made, position=reads.position))


@router.post("/workers/{name}/pause", **returns(receipts.Receipt))
async def pause_worker(
    request: Request,
    name: WorkerPath,
    body: request_models.ReasonBody,
    prefer: Prefer = None,
    wait: Wait = True,
    key: IdempotencyKeyHeader = None,
) -> Response:
    """Assign nothing more to the worker; what runs on it goes on."""
    context = CommandContext(request, key, wait=wait, prefer=prefer)
    return await _of_known(context, name, PauseWorker(worker=name, reason=body.reason))


@router.post("/workers/{name}/resume", **returns(receipts.Receipt))
async def resume_worker(
    request: Request, name: WorkerPath, prefer: Prefer = None, wait: Wait = True, key: IdempotencyKeyHeader = None
) -> Response:
    """Assign builds to the worker again."""
    context = CommandContext(request, key, wait=wait, prefer=prefer)
    return await _of_known(context, name, ResumeWorker(worker=name))


@router.post("/workers/{name}/revoke", **returns(receipts.Receipt))
async def revoke_worker(
    request: Request,
    name: WorkerPath,
    body: request_models.ReasonBody,
    prefer: Prefer = None,
    wait: Wait = True,
    key: IdempotencyKeyHeader = None,
) -> Response:
    """Void the worker's credentials for good, which ends its session. Its builds are tried again after its lease."""
    context = CommandContext(request, key, wait=wait, prefer=prefer)
    return await _of_known(context, name, RevokeWorker(worker=name, reason=body.reason))


@router.post("/enrollment-tokens", **returns(receipts.EnrollmentReceipt, status=201))
async def issue_enrollment(
    request: Request,
    body: request_models.EnrollmentBody,
    prefer: Prefer = None,
    wait: Wait = True,
    key: IdempotencyKeyHeader = None,
) -> Response:
    """Make a one-use token with which a new worker gets its credential. Repeated by its key, it is the same token."""
    context = CommandContext(request, key, wait=wait, prefer=prefer)
    deps = context.deps
    if body.worker is not None and not _configured(context, body.worker):
        raise NotFound("configured worker", body.worker)
    drawn = secrets.token_bytes(TOKEN_BYTES)
    if key is not None:
        # from the key, so that an answer that was lost can be asked for again; nobody else can work it out
        drawn = hmac.digest(deps.admin_token.encode(), b"enrollment" + context.id.bytes, "sha256")[:TOKEN_BYTES]
    token = TOKEN_PREFIX + drawn.hex()
    issue = IssueEnrollment(
        token_digest=hashlib.sha256(token.encode()).hexdigest(),
        worker=body.worker,
        at=deps.clock.now(),
        life=timedelta(seconds=body.life_seconds),
    )
    receipt = await deps.ledger.execute(issue, origin=context.unnamed_origin())
    state, _ = await context.load(ENROLLMENT, issue.stream_id)
    return await context.respond(
        receipts.EnrollmentReceipt,
        receipt,
        status=201,
        token=deps.token_with_ca(token),
        worker=state.issued.worker,
        expires_at=state.issued.expires_at,
    )


def _configured(context: CommandContext, name: str) -> bool:
    configuration = context.deps.active.current
    return configuration is not None and name in configuration.workers


async def _of_known(context: CommandContext, name: str, command: Command) -> Response:
    """Execute a command about a worker that is configured, or was ever let in. Raises: NotFound."""
    if not _configured(context, name):
        _, version = await context.load(WORKER, command.stream_id)
        if version == 0:
            raise NotFound("worker", name)
    return await context.execute_and_respond(command)
