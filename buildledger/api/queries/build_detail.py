"""All about one build, from seven views."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.api.http.problems import NotFound
from buildledger.api.models import builds as models
from buildledger.api.queries.artifacts import artifacts_of
from buildledger.api.queries.builds import as_builds, reference_by_number, stored_build
from buildledger.api.queries.changes import as_blame, blame_rows, blamed_ids, changes_by_id
from buildledger.api.queries.generated import generated_by
from buildledger.api.queries.readings import Readings
from buildledger.api.queries.select_builds import SelectBuilds
from buildledger.api.queries.steps import properties_of, steps_of
from buildledger.api.queries.test_results import test_summary_of
from buildledger.projections.queue_tables import request as request_table
from buildledger.projections.reading import Reading
from buildledger.projections.revisions import revision as revision_table

VIEWS = ("status", "people", "changes", "blamelist", "queue", "revisions", "tests")
_ids = msgspec.json.Decoder(list[UUID])


def build_by_id(readings: Readings, build_id: UUID) -> models.BuildDetail:
    """The build with this id.

    Raises:
        NotFound: there is none.
    """
    query = SelectBuilds(readings["status"])
    row = readings["status"].first(query.where(query.build.c.id == build_id).statement)
    return _detail(readings, row, build_id)


def build_by_number(readings: Readings, builder: str, number: int) -> models.BuildDetail:
    """The build of a builder that has this number.

    Raises:
        NotFound: there is none.
    """
    query = SelectBuilds(readings["status"])
    row = readings["status"].first(
        query.where(query.build.c.builder == builder, query.build.c.number == number).statement
    )
    return _detail(readings, row, f"{builder} #{number}")


def _detail(readings: Readings, row: sa.Row[Any] | None, name: object) -> models.BuildDetail:
    if row is None:
        raise NotFound("build", name)
    status, personal = readings["status"], readings.personal_data()
    (model,) = as_builds(readings, personal, [row])
    fixed = stored_build(status, row.seq)
    blames = blame_rows(readings["blamelist"], [row.id])
    change_ids = _ids.decode(fixed.changes)
    commits = {*change_ids, *(key for blame in blames for key in blamed_ids(blame))}
    known = changes_by_id(readings["changes"], personal, commits)
    return models.BuildDetail(
        build=model,
        inputs=msgspec.json.decode(fixed.inputs),
        config_revision=_revision(readings["revisions"], fixed.config_digest, before=row.seq),
        config_digest=fixed.config_digest,
        requests=_ids.decode(fixed.requests),
        previous=reference_by_number(status, row.builder, row.number - 1),
        next=reference_by_number(status, row.builder, row.number + 1),
        rebuild_of=_rebuild_of(readings["queue"], fixed.request_id),
        generated_by=generated_by(readings, fixed.request_id),
        steps=steps_of(readings, row.seq, row.id),
        planned_steps=_planned_steps(readings, row.builder, fixed),
        properties=properties_of(status, row.seq),
        artifacts=artifacts_of(status, row.seq, readings.deps.keep_artifacts),
        tests=test_summary_of(readings["tests"], row.id),
        changes=[known[key] for key in change_ids if key in known],
        blame=[as_blame(blame, known) for blame in blames],
        position=readings.position,
    )


def _revision(reading: Reading, digest: str, *, before: int) -> int | None:
    """The one it began with: the newest of this content until then, not one that went back to it later."""
    revision = reading.table(revision_table)
    query = sa.select(revision.c.revision).where(revision.c.digest == digest, revision.c.seq < before)
    row = reading.first(query.order_by(revision.c.seq.desc()))
    return None if row is None else int(row.revision)


def _rebuild_of(reading: Reading, request_id: UUID | None) -> UUID | None:
    request = reading.table(request_table)
    row: sa.Row[Any] | None = reading.first(sa.select(request.c.rebuild_of).where(request.c.id == request_id))
    return None if row is None else row.rebuild_of


def _planned_steps(readings: Readings, builder: str, fixed: sa.Row[Any]) -> list[str]:
    central = readings.configurations.with_digest(readings["revisions"], fixed.config_digest)
    configuration = readings.configurations.composed(central, fixed.pipeline)
    configured = None if configuration is None else configuration.builders.get(builder)
    return [] if configured is None else [step.name for step in configured.steps]
