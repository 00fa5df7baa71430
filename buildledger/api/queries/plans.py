"""What would change if a configuration were put in force."""

from __future__ import annotations

import msgspec

from buildledger.api.models import config as models
from buildledger.api.queries import revisions as queries
from buildledger.api.queries.readings import Readings
from buildledger.api.queries.standing import standing
from buildledger.config.configurations import UnreadableConfigurationError
from buildledger.config.plan.diff import diff
from buildledger.config.plan.effects import effects
from buildledger.config.plan.plan import plan_text
from buildledger.config.resolved import Configuration

VIEWS = ("revisions", "queue", "status", "workers")
"""What `plan` reads."""
FIRST = "no configuration is in force yet: this is the first"


def plan(
    readings: Readings, wanted: Configuration, *, with_entries: bool = False, hindrances: list[str] | None = None
) -> models.ConfigPlan:
    """What `wanted` changes of the configuration in force at the position of these readings."""
    row, current, note = queries.revision_in_force(readings["revisions"]), None, FIRST
    if row is not None:
        note = ""
        try:
            current = readings.configurations.at(row.seq)
        except UnreadableConfigurationError as error:
            note = f"{error}; it is compared as if none were in force"
    difference = diff(current, wanted)
    here = standing(readings["queue"], readings["status"], readings["workers"])
    return models.ConfigPlan(
        compared_with=0 if row is None else row.revision,
        note=note,
        text=plan_text(difference).splitlines(),
        effects=list(effects(difference, current, wanted, here)),
        hindrances=hindrances or [],
        watched_file=readings.deps.watched_file,
        changes=row is None or bool(difference),
        entries=as_entries(difference.entries) if with_entries else [],
        position=readings.position,
    )


def as_entries(entries: object) -> list[models.PlannedEntry]:
    """The entries of a difference as they are answered."""
    return msgspec.convert(msgspec.to_builtins(entries), list[models.PlannedEntry])
