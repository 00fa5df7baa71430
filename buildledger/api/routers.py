"""THE list of routers, one for each noun."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from buildledger.api.http.openapi import describe
from buildledger.api.http.routing import ApiRoute
from buildledger.api.routes import (
    artifacts,
    builders,
    builds,
    changes,
    configuration,
    facts,
    home,
    logs,
    people,
    projects,
    proofs,
    pushes,
    requests,
    server,
    session,
    sources,
    stream,
    test_results,
    workers,
)

PREFIX = "/api/v1"
ROUTERS = (
    home.router,
    builders.router,
    projects.router,
    builds.router,
    artifacts.router,
    test_results.router,
    changes.router,
    sources.router,
    pushes.router,
    people.router,
    requests.router,
    workers.router,
    logs.router,
    facts.router,
    proofs.router,
    stream.router,
    configuration.router,
    server.router,
    session.router,
)


def include(app: FastAPI) -> None:
    """Add every router to the application, below the API's prefix."""
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX, generate_unique_id_function=lambda route: route.name)


def describe_routes() -> dict[str, Any]:
    """The OpenAPI document of all routes; needs no server."""
    app = FastAPI()
    include(app)
    routes = (route for router in ROUTERS for route in router.routes if isinstance(route, ApiRoute))
    models = {route.model.__name__: route.model for route in routes if route.model is not None}
    return describe(app, [models[name] for name in sorted(models)])
