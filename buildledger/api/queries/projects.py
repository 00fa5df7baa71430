"""Projects: their descriptions from the configuration in force, their builders from the view `status`."""

from __future__ import annotations

import sqlalchemy as sa

from buildledger.api.http.problems import NotFound
from buildledger.api.models.projects import Project
from buildledger.api.queries.readings import Readings
from buildledger.config import resolved
from buildledger.config.problems.problem import did_you_mean
from buildledger.projections import status_tables

VIEWS = ("status", "revisions")


def list_projects(readings: Readings) -> list[Project]:
    """All that are described, or that a configured builder names, by name."""
    configuration = readings.configurations.in_force(readings["revisions"])
    described = {} if configuration is None else configuration.projects
    status = readings["status"]
    builder = status.table(status_tables.builder)
    broken = sa.func.sum(sa.case((builder.c.status == "broken", 1), else_=0))
    query = sa.select(builder.c.project, sa.func.count().label("builders"), broken.label("broken"))
    query = query.where(builder.c.configured, builder.c.project.is_not(None)).group_by(builder.c.project)
    counts = {row.project: (row.builders, row.broken) for row in status.all(query)}
    return [
        _project(described.get(name) or resolved.Project(name=name, title=name), *counts.get(name, (0, 0)))
        for name in sorted(described.keys() | counts.keys())
    ]


def project_by_name(readings: Readings, name: str) -> Project:
    """The project with this name.

    Raises:
        NotFound: It isn't described, and no configured builder names it.
    """
    projects = {project.name: project for project in list_projects(readings)}
    if name not in projects:
        raise NotFound("project", name, did_you_mean(name, projects))
    return projects[name]


def _project(described: resolved.Project, builders: int, broken: int) -> Project:
    return Project(
        name=described.name,
        title=described.title,
        description=described.description,
        url=described.url,
        builder_count=builders,
        broken_count=broken,
    )
