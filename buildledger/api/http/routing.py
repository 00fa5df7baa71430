"""The class of all routes: which model a route answers with, and which query parameters it takes, say its signature."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from buildledger.api.http.problems import UnknownParameter
from buildledger.api.http.responses import JSON, REFERENCE, JsonResponse


class ApiRoute(APIRoute):
    """Describes what `-> JsonResponse[Model]` promises, without a second validation of what is sent.

    A query parameter that the endpoint and its dependencies don't have is refused: a misspelt filter would otherwise
    answer with everything.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        status_code: int | None = None,
        responses: dict[int | str, dict[str, Any]] | None = None,
        **options: Any,
    ) -> None:
        self.model = _model_of(endpoint)
        if self.model is not None:
            responses = {status_code or 200: _described(self.model), **(responses or {})}
        options |= {"response_model": None, "response_class": Response}
        super().__init__(path, endpoint, status_code=status_code, responses=responses, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, behind the check of the query's names."""
        handle = super().get_route_handler()
        known = frozenset(_query_names(self.dependant))

        async def checked(request: Request) -> Response:
            unknown = request.query_params.keys() - known
            if unknown:
                raise UnknownParameter(sorted(unknown), sorted(known))
            return await handle(request)

        return checked


def api_router(tag: str) -> APIRouter:
    """A router of the API, whose operations stand under this tag in the OpenAPI document."""
    return APIRouter(tags=[tag], route_class=ApiRoute)


def _model_of(endpoint: Callable[..., Any]) -> type[msgspec.Struct] | None:
    """The struct in the return annotation; None for an endpoint that answers with files or a stream."""
    returned = get_type_hints(endpoint)["return"]
    if get_origin(returned) is not JsonResponse:
        return None
    model: type[msgspec.Struct] = get_args(returned)[0]
    assert issubclass(model, msgspec.Struct), f"{endpoint.__name__} promises {model}, which is no struct"
    return model


def _described(model: type[msgspec.Struct]) -> dict[str, Any]:
    return {
        "description": (model.__doc__ or "").split("\n")[0],
        "content": {JSON: {"schema": {"$ref": REFERENCE.format(name=model.__name__)}}},
    }


def _query_names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        yield field.alias
    for dependency in dependant.dependencies:
        yield from _query_names(dependency)
