"""Workers: pausing, revoking, and enrollment of new ones."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Annotated

from fastapi import Query

from buildledger.api.commands.context import CommandContext, Commands
from buildledger.api.http.paging import cursor_of, key_of, page
from buildledger.api.http.parameters import Cursor, Limit, WorkerPath
from buildledger.api.http.problems import NotFound
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import receipts, request_models
from buildledger.api.models import workers as models
from buildledger.api.models.limits import PAGE_DEFAULT
from buildledger.api.queries import workers as queries
from buildledger.api.queries.readings import ReadModelsAsOf
from buildledger.api.queries.select_builds import running
from buildledger.config.problems.problem import did_you_mean
from buildledger.domain.command import Command
from buildledger.domain.enrollment import AGGREGATE as ENROLLMENT
from buildledger.domain.enrollment import IssueEnrollment
from buildledger.domain.worker import PauseWorker, ResumeWorker, RevokeWorker
from buildledger.domain.worker_rules import AGGREGATE as WORKER

LISTING = "workers"
TOKEN_PREFIX = "ble_"  # noqa: S105 - what tokens begin with, so that leaked ones can be found
TOKEN_BYTES = 24

Former = Annotated[
    bool, Query(description="Instead those that aren't configured any more and haven't come back within their lease.")
]

router = api_router("workers")


@router.get("/workers")
def list_workers(
    read_models: ReadModelsAsOf, former: Former = False, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> JsonResponse[models.WorkerPage]:
    """Workers by name: those that are configured, and others that are connected or may still be back."""
    (after,) = key_of(LISTING, cursor, str) or (None,)
    with read_models.read("workers", "status") as readings:
        found = queries.list_workers(readings["workers"], former=former, limit=limit + 1, after=after)
        rows, following = page(found, limit, lambda last: cursor_of(LISTING, last.name))
        items = queries.as_workers(rows, running(readings["status"]))
        return readings.respond(models.WorkerPage(items=items, next=following, position=readings.position))


@router.get("/workers/{name}")
def read_worker(read_models: ReadModelsAsOf, name: WorkerPath) -> JsonResponse[models.WorkerDetail]:
    """One worker."""
    with read_models.read("workers", "status") as readings:
        row = queries.worker_row(readings["workers"], name)
        if row is None:
            names = [each.name for each in queries.configured_workers(readings["workers"])]
            raise NotFound("worker", name, did_you_mean(name, names))
        (worker,) = queries.as_workers([row], running(readings["status"]))
        return readings.respond(models.WorkerDetail(worker=worker, position=readings.position))


@router.post("/workers/{name}/pause")
async def pause_worker(
    context: Commands, name: WorkerPath, body: request_models.ReasonBody
) -> JsonResponse[receipts.Receipt]:
    """Assign nothing more to the worker; what runs on it goes on."""
    return await _execute_for_known(context, name, PauseWorker(worker=name, reason=body.reason))


@router.post("/workers/{name}/resume")
async def resume_worker(context: Commands, name: WorkerPath) -> JsonResponse[receipts.Receipt]:
    """Assign builds to the worker again."""
    return await _execute_for_known(context, name, ResumeWorker(worker=name))


@router.post("/workers/{name}/revoke")
async def revoke_worker(
    context: Commands, name: WorkerPath, body: request_models.ReasonBody
) -> JsonResponse[receipts.Receipt]:
    """Void the worker's credentials for good, which ends its session. Its builds are tried again after its lease."""
    return await _execute_for_known(context, name, RevokeWorker(worker=name, reason=body.reason))


@router.post("/enrollment-tokens", status_code=201)
async def issue_enrollment(
    context: Commands, body: request_models.EnrollmentBody
) -> JsonResponse[receipts.EnrollmentReceipt]:
    """Make a one-use token with which a new worker gets its credential. Repeated by its key, it is the same token."""
    deps = context.deps
    if body.worker is not None and not _configured(context, body.worker):
        raise NotFound("configured worker", body.worker, did_you_mean(body.worker, _names(context)))
    drawn = secrets.token_bytes(TOKEN_BYTES)
    if context.named:
        # from the key, so that an answer that was lost can be asked for again; nobody else can work it out
        drawn = hmac.digest(deps.admin_token.encode(), b"enrollment" + context.id.bytes, "sha256")[:TOKEN_BYTES]
    token = TOKEN_PREFIX + drawn.hex()
    issue = IssueEnrollment(
        token_digest=hashlib.sha256(token.encode()).hexdigest(),
        worker=body.worker,
        at=deps.clock.now(),
        life=timedelta(seconds=body.life_seconds),
    )
    receipt = await context.execute_unnamed(issue)
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
    return name in _names(context)


def _names(context: CommandContext) -> Collection[str]:
    configuration = context.deps.active.current
    return () if configuration is None else configuration.workers


async def _execute_for_known(context: CommandContext, name: str, command: Command) -> JsonResponse[receipts.Receipt]:
    """Execute a command about a worker that is configured, or was ever enrolled.

    Raises:
        NotFound: it is neither.
    """
    if not _configured(context, name):
        _, version = await context.load(WORKER, command.stream_id)
        if version == 0:
            raise NotFound("worker", name, did_you_mean(name, _names(context)))
    return await context.execute_and_respond(command)
