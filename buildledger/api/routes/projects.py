"""Projects."""

from __future__ import annotations

from buildledger.api.http.parameters import ProjectPath
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.models import projects as models
from buildledger.api.queries import projects as queries
from buildledger.api.queries.readings import ReadModelsAsOf

router = api_router("projects")


@router.get("/projects")
def list_projects(read_models: ReadModelsAsOf) -> JsonResponse[models.ProjectList]:
    """All projects by name: those that the configuration describes, and those that builders name."""
    with read_models.read(*queries.VIEWS) as readings:
        items = queries.list_projects(readings)
        return readings.respond(models.ProjectList(items=items, position=readings.position))


@router.get("/projects/{name}")
def read_project(read_models: ReadModelsAsOf, name: ProjectPath) -> JsonResponse[models.ProjectDetail]:
    """One project."""
    with read_models.read(*queries.VIEWS) as readings:
        project = queries.project_by_name(readings, name)
        return readings.respond(models.ProjectDetail(project=project, position=readings.position))
