"""The file format, top level: what may stand in a configuration file, as pydantic models.

The models know single values and shapes. What needs more than one place of the file (references, types of
expressions, cycles) is checked in `loading/`. Field docstrings become the descriptions in the JSON Schema.
"""

# ruff: noqa: RUF012 - pydantic copies mutable defaults

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from buildledger.config import limits
from buildledger.config.fields.field_types import (
    Boolean,
    Branch,
    BranchPattern,
    Duration,
    Identifier,
    Name,
    Text,
    WholeBetween,
)
from buildledger.config.fields.nodes import ExpressionText
from buildledger.config.fields.one_or_several import ONE_OR_SEVERAL
from buildledger.config.fields.strict import Strict, choose
from buildledger.config.models.builder_models import Builder, InputModel, Properties, Template
from buildledger.config.models.default_models import Defaults
from buildledger.config.models.machine_models import Worker
from buildledger.config.models.pipeline_models import RepoPipeline
from buildledger.config.models.secret_models import Secrets
from buildledger.config.models.source_models import Source
from buildledger.config.resolved import DEFAULT_TITLE


class Server(Strict):
    """What the server says about itself."""

    place: ClassVar = "server"
    unbuilt: ClassVar = frozenset({"grpc", "database", "telemetry"})

    title: Text = DEFAULT_TITLE
    """The name on every page."""
    url: Text | None = None
    """The address people reach it under."""


class Lock(Strict):
    """Something that only so many builds may use at once."""

    place: ClassVar = "lock"

    count: Annotated[int, WholeBetween(1, limits.LOCK_COUNT)] = 1
    """How many."""


class Project(Strict):
    """What builders belong to, for people."""

    title: Text | None = None
    """What it is called; by default its name."""
    description: Text = ""
    """What it is."""
    url: Text | None = None
    """An address where more of it is to be found."""


BuilderNames = Annotated[list[Text], Field(min_length=1, max_length=limits.MATRIX_CELLS), ONE_OR_SEVERAL]


class ChangeTrigger(Strict):
    """Build what was committed."""

    place: ClassVar = "trigger"

    on: Literal["change"]
    """`change`: build when commits arrive."""
    name: Name | None = None
    """By default made of the kind and what it watches: `change-widget`."""
    source: Text
    """The source to watch."""
    branches: Annotated[list[BranchPattern], Field(min_length=1, max_length=64), ONE_OR_SEVERAL] = ["**"]
    """On which of its branches."""
    settle: Duration = 0.0
    """Wait until the branch has been quiet for so long."""
    build: BuilderNames
    """Builders; the name of a matrix means all its cells."""


class ManualTrigger(Strict):
    """Build when a person asks."""

    place: ClassVar = "trigger"

    on: Literal["manual"]
    """`manual`: build when a person asks."""
    name: Name | None = None
    """By default `manual-` and the first builder."""
    build: BuilderNames
    """Builders; the name of a matrix means all its cells."""
    inputs: Annotated[dict[Identifier, InputModel], Field(max_length=limits.INPUTS)] = {}
    """What they are asked for."""


class CronTrigger(Strict):
    """Build at set times."""

    place: ClassVar = "trigger"

    on: Literal["cron"]
    """`cron`: build at set times."""
    name: Name | None = None
    """By default `cron-` and the first builder."""
    at: Text
    """Minute, hour, day of the month, month, day of the week."""
    zone: Text = "UTC"
    """An IANA time zone, such as Europe/London."""
    only_if_changed: Boolean = False
    """Not if no source of the builder has moved since this trigger's last build."""
    branch: Branch | None = None
    """By default each source's default branch."""
    build: BuilderNames
    """Builders; the name of a matrix means all its cells."""


class SuccessTrigger(Strict):
    """Build once others have succeeded."""

    place: ClassVar = "trigger"

    on: Literal["success"]
    """`success`: build once others have succeeded."""
    name: Name | None = None
    """By default `success-` and the first builder it waits for."""
    of: BuilderNames
    """A builder or several, matrices meaning all their cells: all of them, for the same revisions."""
    condition: ExpressionText | None = Field(default=None, alias="if")
    """CEL over `build.*`: the build that completed the set."""
    build: BuilderNames
    """Builders; the name of a matrix means all its cells."""


TRIGGERS: dict[str, type[Strict]] = {
    "change": ChangeTrigger,
    "manual": ManualTrigger,
    "cron": CronTrigger,
    "success": SuccessTrigger,
}
"""The kinds of triggers, by `on`."""
Trigger = Annotated[
    ChangeTrigger | ManualTrigger | CronTrigger | SuccessTrigger,
    choose(
        "on",
        TRIGGERS,
        unbuilt=frozenset({"pull_request", "try", "call", "dependent"}),
        what="trigger",
    ),
]


class File(Strict):
    """A configuration file of Build Ledger."""

    place: ClassVar = "file"
    unbuilt: ClassVar = frozenset(
        {
            "access",
            "identity",
            "logs",
            "notify",
            "retention",
            "statuses",
        }
    )

    version: Literal[1]
    """The version of the format."""
    server: Server = Server()
    """What the server says about itself."""
    secrets: Secrets | None = None
    """Where secrets are read from."""
    sources: dict[Name, Source] = {}
    """Repositories, by name."""
    workers: dict[Name, Worker] = {}
    """The machines that builds run on, by name."""
    locks: dict[Name, Lock] = {}
    """Things that only so many builds may use at once, by name."""
    projects: dict[Name, Project] = {}
    """What builders belong to, by name; where this stands, a builder's `project` is one of them."""
    defaults: Defaults = Defaults()
    """What holds where builders, steps, sources, triggers and workers say nothing themselves."""
    properties: Properties = {}
    """Properties of all builds, set before their first step; a builder's own win."""
    templates: dict[Name, Template] = {}
    """Steps that several builders use, by name."""
    builders: dict[Name, Builder] = {}
    """What can be built, by name."""
    triggers: Annotated[list[Trigger], Field(max_length=4096), ONE_OR_SEVERAL] = []
    """What has builders build, and when."""
    repo_pipelines: dict[Name, RepoPipeline] = {}
    """What repositories may define for themselves, by their sources."""


SECTIONS: dict[str, Any] = {name: info.annotation for name, info in File.model_fields.items()}
