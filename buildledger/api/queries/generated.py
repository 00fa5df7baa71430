"""What steps of builds have generated, from the ledger and the view `queue`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from buildledger.api.models import generated as models
from buildledger.api.models.scalars import BuildRef
from buildledger.api.queries.builds import as_reference, seq_of
from buildledger.api.queries.pipelines import as_problem
from buildledger.api.queries.readings import Readings
from buildledger.api.queries.select_builds import SelectBuilds
from buildledger.events.answers import GENERATED, Generated
from buildledger.events.build import OperationFinished, OperationRequested
from buildledger.events.catalogue import stored_names
from buildledger.events.ids import OperationId
from buildledger.events.operation import ReadGenerated
from buildledger.events.stored_format import UnreadableTextError
from buildledger.ledger.store import FactQuery
from buildledger.projections import queue_tables, status_tables

PROGRAM = "generate"
"""The kind of step that generates."""
OPERATIONS = stored_names(OperationRequested, OperationFinished)
PAGE = 256
"""Facts that are read at once."""


def generated_of(readings: Readings, build_id: UUID, steps: Mapping[int, str]) -> dict[int, models.Generated]:
    """What those steps of a build have generated, by their index, as far as it was read; `steps` has their names.

    Needs the views `status` and `queue`.
    """
    if not steps:
        return {}
    requests = {(row.parent_step, row.builder): row for row in _requests(readings, build_id)}
    builds = _references(readings, [row.build_id for row in requests.values() if row.build_id is not None])

    def builder(step: int, name: str) -> models.GeneratedBuilder:
        row = requests.get((step, name))
        return models.GeneratedBuilder(
            builder=name,
            request=None if row is None else row.id,
            build=None if row is None else builds.get(row.build_id),
        )

    return {
        step: models.Generated(
            builders=[builder(step, name) for name in found.builders],
            problems=[as_problem(f"<stdout of {steps[step]}>", problem) for problem in found.problems],
        )
        for step, found in _read(readings, build_id)
        if step in steps
    }


def generated_by(readings: Readings, request_id: UUID | None) -> models.GeneratedBy | None:
    """The step that has generated the builder that a request asks for; None: none has.

    Needs the views `status` and `queue`.
    """
    request = readings["queue"].table(queue_tables.request)
    columns = sa.select(request.c.parent_build, request.c.parent_step)
    row = readings["queue"].first(columns.where(request.c.id == request_id))
    if row is None or row.parent_step is None:
        return None
    build = _references(readings, [row.parent_build]).get(row.parent_build)
    if build is None:
        return None
    status, step = readings["status"], readings["status"].table(status_tables.step)
    is_it = sa.and_(step.c.seq == seq_of(status, row.parent_build), step.c.number == row.parent_step)
    named = status.first(sa.select(step.c.name).where(is_it))
    return models.GeneratedBy(build=build, step=row.parent_step, step_name="" if named is None else named.name)


def _requests(readings: Readings, build_id: UUID) -> list[sa.Row[Any]]:
    request = readings["queue"].table(queue_tables.request)
    state = readings["queue"].table(queue_tables.request_state)
    columns = sa.select(request.c.id, request.c.builder, request.c.parent_step, state.c.build_id)
    query = columns.join_from(request, state, state.c.seq == request.c.seq).where(request.c.parent_build == build_id)
    return list(readings["queue"].all(query.where(request.c.parent_step.is_not(None))))


def _references(readings: Readings, builds: list[UUID]) -> dict[UUID, BuildRef]:
    if not builds:
        return {}
    query = SelectBuilds(readings["status"], brief=True)
    rows = readings["status"].all(query.where(query.build.c.id.in_(builds)).statement)
    return {row.id: as_reference(row) for row in rows}


def _read(readings: Readings, build_id: UUID) -> Iterator[tuple[int, Generated]]:
    """Step and text of each reading that has ended, in their order."""
    steps: dict[OperationId, int] = {}
    query = FactQuery(stream_id=build_id, names=OPERATIONS, last=readings.position)
    while found := readings.deps.ledger.select(query, PAGE):
        for recorded in found:
            match recorded.fact:
                case OperationRequested(operation_id=operation_id, step=step, spec=ReadGenerated()):
                    steps[operation_id] = step
                case OperationFinished(operation_id=operation_id, ended=ended) if operation_id in steps and ended.text:
                    try:
                        yield steps[operation_id], GENERATED.read(ended.text)
                    except UnreadableTextError:
                        continue
        query = query._replace(after=found[-1].position)
