"""The first page."""

from __future__ import annotations

from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import home as models
from buildledger.api.queries import home as queries
from buildledger.api.queries.readings import ReadModelsAsOf

router = api_router("home")


@router.get("/home")
def read_home(read_models: ReadModelsAsOf) -> JsonResponse[models.Home]:
    """What is broken, since when and whose; what runs, waits and was built last."""
    with read_models.read(*queries.VIEWS) as readings:
        return readings.respond(queries.home(readings))
