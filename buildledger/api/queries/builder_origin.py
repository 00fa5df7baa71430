"""Where a builder is defined that the file of a repository defines, from the view `pipelines`."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from buildledger.api.models import pipelines as models
from buildledger.api.queries.readings import Readings
from buildledger.api.queries.sources import default_branch_of
from buildledger.config.pipelines.effective import counts_on
from buildledger.config.pipelines.namespace import source_of
from buildledger.config.resolved import Configuration
from buildledger.events.ids import change_id
from buildledger.projections import pipelines as tables
from buildledger.projections.columns import moment
from buildledger.projections.reading import Reading

BRANCHES_SHOWN = 20


class Place(NamedTuple):
    """A revision whose file defines the builder."""

    branch: str
    revision: str
    at: int
    """In microseconds since 1970."""
    digest: str
    """Of the pipeline."""


def origin_of(
    readings: Readings, configuration: Configuration | None, name: str
) -> tuple[models.BuilderOrigin | None, Configuration | None]:
    """Where a builder is defined, and the configuration with the pipeline that is shown.

    None and the configuration itself for one of the central configuration. Needs the views `pipelines` and `changes`.
    """
    source = source_of(name)
    if source is None:
        return None, configuration
    grant = None if configuration is None else configuration.repo_pipelines.get(source)
    places = [] if grant is None else [each for each in _places(readings, name) if counts_on(grant, each.branch)]
    last = _last_seen(readings["pipelines"], name)
    default = default_branch_of(readings["changes"], source)
    shown = next((each for each in places if each.branch == default), places[0] if places else last)
    with_pipeline = configuration
    if grant is not None and shown is not None:
        with_pipeline = readings.configurations.allowed(configuration, shown.digest)
    allowed = with_pipeline is not None and name in with_pipeline.builders
    origin = models.BuilderOrigin(
        source=source,
        path=None if grant is None else grant.path,
        branches=[each.branch for each in places[:BRANCHES_SHOWN]],
        branch_count=len(places),
        shown=as_place(source, shown) if allowed else None,
        last_seen=as_place(source, last),
    )
    return origin, with_pipeline


def place_of(row: sa.Row[Any]) -> Place:
    """A place, of a row that has its values under their names."""
    return Place(row.branch, row.revision, row.at, row.digest)


def as_place(source: str, place: Place | None) -> models.DefinitionPlace | None:
    """A place as it is answered."""
    if place is None:
        return None
    return models.DefinitionPlace(
        branch=place.branch,
        revision=place.revision,
        change_id=change_id(source, place.revision),
        at=moment(place.at),
    )


def _places(readings: Readings, name: str) -> list[Place]:
    """The heads whose files define it, the branch that moved last first."""
    reading = readings["pipelines"]
    head, read = reading.table(tables.head), reading.table(tables.reading)
    builder = reading.table(tables.pipeline_builder)
    of_one_revision = sa.and_(read.c.source == head.c.source, read.c.revision == head.c.revision)
    of_one_pipeline = sa.and_(builder.c.source == read.c.source, builder.c.digest == read.c.pipeline)
    query = sa.select(head.c.branch, head.c.revision, head.c.moved_at.label("at"), builder.c.digest)
    query = query.join_from(head, read, of_one_revision).join(builder, of_one_pipeline).where(builder.c.builder == name)
    return [place_of(row) for row in reading.all(query.order_by(head.c.moved_at.desc(), head.c.branch))]


def _last_seen(reading: Reading, name: str) -> Place | None:
    pipeline, builder = reading.table(tables.pipeline), reading.table(tables.pipeline_builder)
    of_one = sa.and_(builder.c.source == pipeline.c.source, builder.c.digest == pipeline.c.digest)
    query = sa.select(pipeline.c.branch, pipeline.c.revision, pipeline.c.seen_at.label("at"), pipeline.c.digest)
    query = query.join_from(pipeline, builder, of_one)
    query = query.where(builder.c.builder == name, pipeline.c.branch.is_not(None))
    row = reading.first(query.order_by(pipeline.c.since.desc()))
    return None if row is None else place_of(row)
