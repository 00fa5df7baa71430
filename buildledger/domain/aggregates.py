"""THE list of aggregates, and which command belongs to which."""

from __future__ import annotations

from buildledger.domain import (
    build_rules,
    change,
    config,
    enrollment,
    log,
    machine,
    person,
    pipeline,
    projection,
    request,
    seal,
    server,
    source,
    worker_rules,
)
from buildledger.domain.command import Aggregate, Command

AGGREGATES: tuple[Aggregate, ...] = (
    change.AGGREGATE,
    source.AGGREGATE,
    request.AGGREGATE,
    build_rules.AGGREGATE,
    log.AGGREGATE,
    worker_rules.AGGREGATE,
    enrollment.AGGREGATE,
    machine.AGGREGATE,
    config.AGGREGATE,
    pipeline.AGGREGATE,
    person.AGGREGATE,
    server.AGGREGATE,
    seal.AGGREGATE,
    projection.AGGREGATE,
)

BY_COMMAND: dict[type[Command], Aggregate] = {
    command: aggregate for aggregate in AGGREGATES for command in aggregate.commands
}
