"""Steps, operations, logs and properties of one build, from the view `status`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.api.models import builds as models
from buildledger.api.queries.generated import PROGRAM, generated_of
from buildledger.api.queries.locks import LockSituation
from buildledger.api.queries.readings import Readings
from buildledger.projections import status_tables
from buildledger.projections.columns import moment, optional_moment
from buildledger.projections.reading import Reading


def steps_of(readings: Readings, seq: int, build_id: UUID) -> list[models.Step]:
    """The steps of a build with their operations and logs, in order; needs the views `status`, `queue`, `revisions`."""
    reading, locks = readings["status"], LockSituation(readings)
    operations = _operations(reading, seq, _logs(reading, seq, build_id))
    step = reading.table(status_tables.step)
    rows = reading.all(sa.select(step).where(step.c.seq == seq).order_by(step.c.number))
    generating = {row.number: row.name for row in rows if row.program == PROGRAM}
    generated = generated_of(readings, build_id, generating)
    return [
        models.Step(
            index=row.number,
            name=row.name,
            program=row.program,
            result=row.result,
            summary=row.summary,
            after_stop=row.after_stop,
            locks={} if row.locks is None else msgspec.json.decode(row.locks),
            waiting=locks.wait_of(seq) if row.finished_at is None and _waits(row) else None,
            locks_taken_at=optional_moment(row.locks_taken_at),
            started_at=moment(row.started_at),
            finished_at=optional_moment(row.finished_at),
            operations=operations[row.number],
            generated=generated.get(row.number),
        )
        for row in rows
    ]


def _waits(row: sa.Row[Any]) -> bool:
    return row.locks is not None and row.locks_taken_at is None


def _operations(
    reading: Reading, seq: int, logs: Mapping[UUID, list[models.Log]]
) -> defaultdict[int, list[models.Operation]]:
    operation = reading.table(status_tables.operation)
    rows = sa.select(operation).where(operation.c.seq == seq).order_by(operation.c.place)
    found: defaultdict[int, list[models.Operation]] = defaultdict(list)
    for row in reading.all(rows):
        made = models.Operation(
            id=row.id,
            step=row.step,
            label=row.label,
            kind=row.kind,
            command=row.command,
            status=row.status,
            ended=row.ended,
            exit_code=row.exit_code,
            signal=row.signal,
            detail=row.detail,
            duration_seconds=row.duration_seconds,
            requested_at=moment(row.requested_at),
            started_at=optional_moment(row.started_at),
            finished_at=optional_moment(row.finished_at),
            logs=logs.get(row.id, []),
        )
        found[row.step].append(made)
    return found


def _logs(reading: Reading, seq: int, build_id: UUID) -> defaultdict[UUID, list[models.Log]]:
    found: defaultdict[UUID, list[models.Log]] = defaultdict(list)
    log = reading.table(status_tables.log)
    rows = sa.select(log).where(log.c.seq == seq).order_by(log.c.opened_at, log.c.channel)
    for row in reading.all(rows):
        found[row.operation_id].append(_log(row, build_id))
    return found


def log_with(reading: Reading, log_id: UUID) -> models.Log | None:
    """One log; None if nothing was written to it yet."""
    log, build = reading.table(status_tables.log), reading.table(status_tables.build)
    columns = sa.select(log, build.c.id.label("build_id")).join_from(log, build, build.c.seq == log.c.seq)
    row = reading.first(columns.where(log.c.id == log_id))
    return None if row is None else _log(row, row.build_id)


def _log(row: sa.Row[Any], build_id: UUID) -> models.Log:
    return models.Log(
        id=row.id,
        build_id=build_id,
        step=row.step,
        operation_id=row.operation_id,
        channel=row.channel,
        label=row.label,
        finished=row.finished_at is not None,
        size_bytes=row.size_bytes,
        line_count=row.line_count,
        sha256=row.sha256,
        truncated=row.truncated,
        opened_at=moment(row.opened_at),
        finished_at=optional_moment(row.finished_at),
    )


def properties_of(reading: Reading, seq: int) -> list[models.Property]:
    """The properties of a build, by name."""
    table = reading.table(status_tables.build_property)
    rows = reading.all(sa.select(table).where(table.c.seq == seq).order_by(table.c.name))
    return [models.Property(name=row.name, value=msgspec.json.decode(row.value), origin=row.origin) for row in rows]
