"""Routes: what they answer with and which parameters they take is what their signatures say."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from buildledger.api.http import problem_handlers
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import ApiRoute, api_router
from buildledger.api.models.server import Limits
from buildledger.api.routers import ROUTERS, describe_routes

DOCUMENT = describe_routes()


OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_an_unknown_query_parameter_is_refused(client: httpx.AsyncClient, method: str, path: str) -> None:
    """Every address names the parameter that it doesn't take, and all that it does."""
    answer = await client.request(method, path.replace("{", "").replace("}", ""), params={"revison": "1"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "unknown_parameter")
    assert [(error["in"], error["at"]) for error in problem["errors"]] == [("query", "revison")]
    known = [one["name"] for one in DOCUMENT["paths"][path][method].get("parameters", ()) if one["in"] == "query"]
    assert "revison" in problem["detail"]
    for name in known or ["none"]:
        assert name in problem["detail"]


async def test_known_parameters_are_taken_also_those_of_dependencies(client: httpx.AsyncClient) -> None:
    """A parameter that only a dependency has, such as `as_of` or `name`, is one of the address."""
    assert (await client.get("/api/v1/builds", params={"as_of": 0, "limit": 1})).status_code == 200
    assert (await client.get("/api/v1/facts", params={"name": ["a", "b"]})).status_code == 200


async def test_the_signature_names_the_model() -> None:
    """The return annotation alone describes the answer, under the status of the route, and nothing validates it."""
    router = api_router("things")

    @router.get("/things", status_code=202)
    async def list_things(size: int = 1) -> JsonResponse[Limits]:
        """All things."""
        return JsonResponse(Limits(page_max=size, builders_page_max=1, log_lines_max=1, log_search_hits_max=1))

    app = FastAPI()
    app.include_router(router)
    problem_handlers.install(app)
    described = app.openapi()["paths"]["/things"]["get"]["responses"]["202"]
    assert described["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Limits"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/things?size=7")).json()["page_max"] == 7
        assert (await client.get("/things?sice=7")).status_code == 422


def test_every_route_is_checked() -> None:
    """No router of the API has a route of another class, which would take any parameter."""
    routes = [route for router in ROUTERS for route in router.routes]
    assert len(routes) > 40
    assert all(isinstance(route, ApiRoute) for route in routes)
