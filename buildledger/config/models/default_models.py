"""The file format: `defaults`, what holds where builders, steps and the like say nothing themselves."""

# ruff: noqa: RUF012 - pydantic copies mutable defaults

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from buildledger.config.fields.field_types import BranchPattern, Duration, RelativePath, Text
from buildledger.config.fields.one_or_several import ONE_OR_SEVERAL
from buildledger.config.fields.strict import Strict
from buildledger.config.models.builder_models import BuilderDefaults
from buildledger.config.models.machine_models import WorkerDefaults
from buildledger.config.models.source_models import SourceDefaults
from buildledger.config.steps.step import TimeoutField, TimeoutModel


class StepDefaults(Strict):
    """What steps have that don't say otherwise themselves, those of templates too; each where it is a key of theirs."""

    on_failure: Literal["halt", "continue", "warn", "ignore"] = "halt"
    """What a failure means for the build."""
    timeout: TimeoutField = TimeoutModel()
    """When a step's program is stopped."""
    workdir: RelativePath = "."
    """Directory inside the build's, in which its program is started."""


class TriggerDefaults(Strict):
    """What triggers have that don't say otherwise themselves; each where it is a key of theirs."""

    branches: Annotated[list[BranchPattern], Field(min_length=1, max_length=64), ONE_OR_SEVERAL] = ["**"]
    """On which of a source's branches."""
    settle: Duration = 0.0
    """Wait until the branch has been quiet for so long."""
    zone: Text = "UTC"
    """An IANA time zone, such as Europe/London."""


class Defaults(Strict):
    """What holds where builders, steps, sources, triggers and workers say nothing themselves."""

    builder: BuilderDefaults = BuilderDefaults()
    """Of builders. `env` and `properties` are merged with a builder's own; its own win."""
    step: StepDefaults = StepDefaults()
    """Of steps."""
    source: SourceDefaults = SourceDefaults()
    """Of sources."""
    trigger: TriggerDefaults = TriggerDefaults()
    """Of triggers."""
    worker: WorkerDefaults = WorkerDefaults()
    """Of workers. `labels` are merged with a worker's own; its own win."""
