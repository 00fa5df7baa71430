"""The server's health, version, and what the dashboard needs first."""

from __future__ import annotations

from fastapi import Request

from buildledger.api.http.credentials import Session
from buildledger.api.http.dependencies import Dependencies
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import server as models
from buildledger.api.models.limits import BUILDERS_PAGE_MAX, LINES_MAX, PAGE_MAX, SEARCH_HITS_MAX
from buildledger.api.queries.health import HealthCheck

ACTIONS = (
    "build:force",
    "build:stop",
    "build:rebuild",
    "request:cancel",
    "request:prioritise",
    "worker:pause",
    "config:rollback",
)

router = api_router("server")


@router.get("/health")
async def read_health(request: Request, deps: Dependencies, session: Session) -> JsonResponse[models.Health]:
    """Whether the server does its work: 200, or 503 when a part of it has stopped. Answered within some seconds.

    Open to everybody; whoever is signed in is told the reasons, too.
    """
    check: HealthCheck = request.app.state.health
    health = await check.health(deps, detailed=session is not None)
    return JsonResponse(health, status=503 if health.status == "failing" else 200, position=health.position)


@router.get("/ui-config")
async def read_ui_config(deps: Dependencies, session: Session) -> JsonResponse[models.UiConfig]:
    """What the dashboard needs to know before anybody has signed in. Open to everybody."""
    signed_in = session is not None
    made = models.UiConfig(
        title=deps.title,
        version=deps.version,
        sign_in=["token"],
        signed_in=signed_in,
        permissions=dict.fromkeys(ACTIONS, signed_in),
        limits=models.Limits(
            page_max=PAGE_MAX,
            builders_page_max=BUILDERS_PAGE_MAX,
            log_lines_max=LINES_MAX,
            log_search_hits_max=SEARCH_HITS_MAX,
        ),
        position=deps.ledger.head(),
    )
    return JsonResponse(made, position=made.position)


@router.get("/server")
async def read_server(deps: Dependencies) -> JsonResponse[models.ServerInfo]:
    """Which server this is."""
    made = models.ServerInfo(
        version=deps.version,
        head_key=deps.head_key.verifier,
        connected_workers=0 if deps.connected_workers is None else deps.connected_workers(),
        position=deps.ledger.head(),
    )
    return JsonResponse(made, position=made.position)


@router.get("/servers")
async def list_servers(deps: Dependencies) -> JsonResponse[models.ServerList]:
    """The servers that share the ledger: which live, and which does what only one may do."""
    items = [
        models.ServerEntry(
            id=each.server_id,
            host=each.host,
            roles=list(each.roles),
            leads=list(each.leads),
            alive=each.alive,
            since=each.serves_since if each.alive else None,
            leads_since=each.leads_since,
            lost_at=None,
            answered=number == 0,
        )
        for number, each in enumerate(deps.servers.entries())
    ]
    items += [
        models.ServerEntry(
            id=each.server_id,
            host=each.host,
            roles=list(each.roles),
            leads=[],
            alive=False,
            since=None,
            leads_since=None,
            lost_at=each.lost_at,
            answered=False,
        )
        for each in deps.servers.lost()
    ]
    made = models.ServerList(items=items, position=deps.ledger.head())
    return JsonResponse(made, position=made.position)
