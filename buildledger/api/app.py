"""Constructs the FastAPI application: routes, problems, authentication and the dashboard's files."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import Route

from buildledger.api.http import problem_handlers, static
from buildledger.api.http.auth import AuthMiddleware
from buildledger.api.http.body_limit import BodyLimit
from buildledger.api.http.dependencies import ApiDependencies
from buildledger.api.http.event_stream import Streams
from buildledger.api.queries.configurations import ConfigurationQueries
from buildledger.api.queries.health import HealthCheck
from buildledger.api.routers import PREFIX, describe_routes, include


def make_app(deps: ApiDependencies) -> FastAPI:
    """The application that answers with these dependencies.

    Where no projector runs in this process, it begins to look how far the read models of the others have come.

    Close `app.state.streams` before the server stops, so that it needn't wait for whoever listens.
    """
    app = FastAPI(
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
    )
    if deps.projector is None:
        deps.views.follow_others()
    app.state.dependencies = deps
    app.state.configurations = ConfigurationQueries(deps.configurations)
    app.state.streams = Streams()
    app.state.health = HealthCheck()
    problem_handlers.install(app)
    include(app)
    app.openapi = describe_routes  # type: ignore[method-assign]
    app.router.routes.append(Route("/{path:path}", static.serve, methods=["GET", "HEAD"], include_in_schema=False))
    app.add_middleware(BodyLimit)
    app.add_middleware(AuthMiddleware, deps=deps)
    return app
