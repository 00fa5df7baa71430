"""The server about itself."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from buildledger.api.http.credentials import signed_in
from buildledger.api.http.dependencies import ApiDependencies, dependencies
from buildledger.api.http.responses import json_response, returns
from buildledger.api.models import server as models
from buildledger.api.models.limits import BUILDERS_PAGE_MAX, LINES_MAX, PAGE_MAX, SEARCH_HITS_MAX
from buildledger.domain.machine import LOUD_FAILURES
from buildledger.projections.workers import worker

DEFAULT_TITLE = "Build Ledger"
LAG_DEGRADED = 10_000
"""Facts that a reader may be behind before health speaks of it."""
ACTIONS = ("build:force", "build:stop", "build:rebuild", "request:cancel", "request:prioritise", "worker:pause")

router = APIRouter(tags=["server"])


@router.get("/health", **returns(models.Health))
def read_health(request: Request) -> Response:
    """Whether the server does its work: 200, or 503 when a part of it has stopped. Open to everybody."""
    health = health_of(dependencies(request))
    return json_response(health, status=503 if health.status == "failing" else 200, position=health.position)


@router.get("/ui-config", **returns(models.UiConfig))
async def read_ui_config(request: Request) -> Response:
    """What the dashboard needs to know before anybody has signed in. Open to everybody."""
    deps = dependencies(request)
    configuration = deps.active.current
    known = signed_in(request) is not None
    made = models.UiConfig(
        title=DEFAULT_TITLE if configuration is None else configuration.server.title,
        version=deps.version,
        sign_in=["token"],
        signed_in=known,
        permissions=dict.fromkeys(ACTIONS, known),
        limits=models.Limits(
            page_max=PAGE_MAX,
            builders_page_max=BUILDERS_PAGE_MAX,
            log_lines_max=LINES_MAX,
            log_search_hits_max=SEARCH_HITS_MAX,
        ),
        position=deps.ledger.head(),
    )
    return json_response(made, position=made.position)


@router.get("/server", **returns(models.ServerInfo))
async def read_server(request: Request) -> Response:
    """Which server this is."""
    deps = dependencies(request)
    made = models.ServerInfo(
        version=deps.version,
        head_key=deps.head_key.verifier,
        connected_workers=0 if deps.connected_workers is None else deps.connected_workers(),
        position=deps.ledger.head(),
    )
    return json_response(made, position=made.position)


def health_of(deps: ApiDependencies) -> models.Health:
    """What every reader says of itself, and what that means."""
    head = deps.ledger.head()
    readers = []
    for state in deps.projector.states() if deps.projector is not None else []:
        lag = max(0, head - state.position)
        reader = models.ReaderHealth(
            name=state.name, position=state.position, lag=lag, status=state.status, error=state.error
        )
        readers.append(reader)
    if deps.reactors is not None:
        health = deps.reactors()
        readers.append(
            models.ReaderHealth(
                name="reactors",
                position=health.position,
                lag=max(0, head - health.position),
                status="following" if health.failure is None else "stopped",
                error=health.failure,
            )
        )
    stopped = [f"{reader.name} stopped at {reader.position}: {reader.error}" for reader in readers if reader.error]
    behind = [f"{reader.name} is {reader.lag} facts behind" for reader in readers if reader.lag > LAG_DEGRADED]
    failing_workers = worker_problems(deps)
    status: models.HealthStatus = "failing" if stopped else "degraded" if behind or failing_workers else "ok"
    return models.Health(status=status, position=head, readers=readers, problems=[*stopped, *behind, *failing_workers])


def worker_problems(deps: ApiDependencies) -> list[str]:
    """What is wrong with workers, without their names: health is open to everybody."""
    try:
        with deps.views.read(None, "workers") as (workers,):
            missing, failing = (
                workers.count(sa.select(worker.c.id).where(workers.is_current(worker), worker.c.configured, condition))
                for condition in (worker.c.missing_since.is_not(None), worker.c.failures >= LOUD_FAILURES)
            )
    except sa.exc.SQLAlchemyError as error:
        return [f"how the workers are can't be read: {type(error).__name__}"]
    said = [(missing, "missing"), (failing, f"failing to start, {LOUD_FAILURES} times or more in a row")]
    return [f"{number} of the workers {'is' if number == 1 else 'are'} {what}" for number, what in said if number]
