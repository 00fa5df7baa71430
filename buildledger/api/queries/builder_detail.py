"""All about one builder, from seven views."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from buildledger.api.http.problems import NotFound
from buildledger.api.models import builders as models
from buildledger.api.models import pipelines as origins
from buildledger.api.queries.builder_origin import origin_of
from buildledger.api.queries.builders import as_branches, as_builders, builder_row, list_branches
from buildledger.api.queries.builds import as_builds
from buildledger.api.queries.readings import Readings
from buildledger.api.queries.requests import as_requests, count_waiting, first_waiting
from buildledger.api.queries.select_builds import SelectBuilds
from buildledger.api.queries.sources import default_branch_of, last_moved_branches
from buildledger.api.queries.wait_reasons import WaitReasons
from buildledger.config.explain.definition import definition
from buildledger.config.inputs import InputSpec
from buildledger.config.problems.problem import did_you_mean
from buildledger.config.resolved import Builder, Configuration

VIEWS = ("status", "queue", "workers", "changes", "people", "revisions", "pipelines")
DEFINITION_VIEWS = ("status", "changes", "revisions", "pipelines")
RECENT_BUILDS = 25
BRANCHES_SHOWN = 100
WAITING_REQUESTS = 10
BRANCHES_OFFERED = 200


def builder_by_name(readings: Readings, name: str) -> models.BuilderDetail:
    """The builder with this name.

    Raises:
        NotFound: nothing ever spoke of such a builder.
    """
    status, queue = readings["status"], readings["queue"]
    row, origin, configuration = _known(readings, name)
    configured = None if configuration is None else configuration.builders.get(name)
    personal = readings.personal_data()
    query = SelectBuilds(status)
    recent = status.all(
        query.where(query.build.c.builder == name).statement.order_by(query.build.c.number.desc()).limit(RECENT_BUILDS)
    )
    waiting = first_waiting(queue, WAITING_REQUESTS, builder=name)
    return models.BuilderDetail(
        builder=as_builders(status, [row])[0],
        protected=configured is not None and configured.protected,
        timeout_seconds=None if configured is None else configured.timeout_seconds,
        steps=[] if configured is None else [step.name for step in configured.steps],
        sources=[] if configuration is None or configured is None else _sources(readings, configuration, configured),
        inputs=[] if configured is None else [_input(*item) for item in configured.ordered_inputs().items()],
        locks=[] if configured is None else [use.lock for use in configured.locks],
        defined_by=origin,
        triggers=[] if configuration is None or configured is None else _triggers(configuration, name),
        waiting=as_requests(personal, waiting, WaitReasons(readings)),
        waiting_count=count_waiting(queue, builder=name),
        branches=as_branches(status, list_branches(status, name, BRANCHES_SHOWN)),
        recent=as_builds(readings, personal, recent),
        position=readings.position,
    )


def definition_of(readings: Readings, name: str) -> models.BuilderDefinition:
    """What the builder is by the configuration in force; needs the views `DEFINITION_VIEWS`.

    Raises:
        NotFound: nothing ever spoke of such a builder, or it isn't configured.
    """
    _, _, configuration = _known(readings, name)
    configured = None if configuration is None else configuration.builders.get(name)
    if configured is None:
        raise NotFound("builder", name, ": it isn't configured, only history speaks of it")
    return models.BuilderDefinition(builder=name, text=definition(configured), position=readings.position)


def _known(readings: Readings, name: str) -> tuple[sa.Row[Any], origins.BuilderOrigin | None, Configuration | None]:
    """The builder's row, which file of a repository it comes from, and the configuration that may define it.

    Raises:
        NotFound: nothing ever spoke of such a builder.
    """
    row = builder_row(readings["status"], name)
    configuration = readings.configurations.in_force(readings["revisions"])
    if row is None:
        raise NotFound("builder", name, did_you_mean(name, () if configuration is None else configuration.builders))
    return row, *origin_of(readings, configuration, name)


def _sources(readings: Readings, configuration: Configuration, configured: Builder) -> list[models.BuilderSource]:
    found = []
    for name in configured.sources:
        default = default_branch_of(readings["changes"], name) or None
        branches = last_moved_branches(readings["changes"], name, BRANCHES_OFFERED)
        found.append(models.BuilderSource(name=name, default_branch=default, branches=list(branches)))
    return found


def _triggers(configuration: Configuration, name: str) -> list[models.BuilderTrigger]:
    found = [trigger for trigger in configuration.triggers.values() if name in trigger.build]
    return [models.BuilderTrigger(name=trigger.name, on=str(type(trigger).__struct_config__.tag)) for trigger in found]


def _input(name: str, spec: InputSpec) -> models.Input:
    default = list(spec.default) if isinstance(spec.default, tuple) else spec.default
    return models.Input(
        name=name,
        type=spec.type,
        description=spec.description,
        required=spec.default is None,
        default=default,
        enum=list(spec.enum),
        pattern=spec.pattern,
    )
