"""Builders: what can be built, and how the last builds ended."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.builds import Build
from buildledger.api.models.pipelines import BuilderOrigin
from buildledger.api.models.requests import Request
from buildledger.api.models.scalars import BuilderName, BuildRef, Cursor, Moment, Position, ResultName

BuilderStatus = Literal["never_built", "passing", "broken", "unclear"]


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """Since when a builder has not succeeded."""

    since: Annotated[BuildRef, Meta(description="The first build that failed.")]
    failures: Annotated[int, Meta(ge=1, description="How many builds have failed since, that one included.")]
    since_at: Annotated[Moment, Meta(description="When that build ended, in UTC.")]


class BranchStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a builder stands on one branch."""

    branch: Annotated[
        str, Meta(description="Its name; of several sources, their branches one after the other.", examples=["main"])
    ]
    status: Annotated[
        Literal["passing", "broken", "unclear"],
        Meta(description="Of its last build there that passed or failed; `unclear` if none did either."),
    ]
    last_build: Annotated[BuildRef, Meta(description="The last one there that finished, whatever its result.")]
    broken: Annotated[Broken | None, Meta(description="Since when it is broken there; null: it isn't.")]


class Builder(msgspec.Struct, frozen=True, kw_only=True):
    """A builder as lists show it."""

    name: BuilderName
    base: Annotated[str, Meta(description="The name without the matrix cell.", examples=["tests"])]
    matrix: Annotated[
        dict[str, str | int | bool],
        Meta(description="The values that its cell of the matrix stands for, by their names; empty without a matrix."),
    ]
    project: Annotated[str | None, Meta(description="The project it belongs to; null: none.")]
    description: Annotated[str, Meta(description="What it builds, as the configuration says; may be empty.")]
    tags: Annotated[list[str], Meta(description="Words to find it by, as the configuration says.")]
    protected: Annotated[
        bool, Meta(description="Defined by the central configuration alone: no repository's own file can change it.")
    ]
    configured: Annotated[bool, Meta(description="False: only history speaks of it.")]
    status: Annotated[
        BuilderStatus,
        Meta(
            description="Of its last build on the default branch that passed or failed; `unclear` if none ever did "
            "either; `never_built` if there was none. Of any branch as long as the default branch isn't known."
        ),
    ]
    default_branch: Annotated[
        str | None, Meta(description="The branch that `status` is about; null: not known, or it checks out nothing.")
    ]
    last_result: Annotated[ResultName | None, Meta(description="Result of `last_build`; null before the first.")]
    last_build: Annotated[BuildRef | None, Meta(description="The last one that finished, whatever its result.")]
    broken: Annotated[Broken | None, Meta(description="Since when it is broken on that branch; null: it isn't.")]
    build_count: Annotated[int, Meta(description="How many builds it has had.")]
    running: Annotated[list[BuildRef], Meta(description="Builds that run.")]


class BuilderPage(msgspec.Struct, frozen=True, kw_only=True):
    """Builders, by name."""

    items: Annotated[list[Builder], Meta(description="The builders of this page.")]
    next: Cursor
    position: Position


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """A value that a person gives, or may give, who starts a build."""

    name: Annotated[str, Meta(description="The input's name.", examples=["version"])]
    type: Annotated[Literal["string", "integer", "boolean", "list"], Meta(description="What kind of value it takes.")]
    description: Annotated[str, Meta(description="What it is for, as the configuration says; may be empty.")]
    required: Annotated[bool, Meta(description="A value has to be given, since there is no default.")]
    default: Annotated[
        str | int | bool | list[str] | None,
        Meta(description="The value when none is given; null: one has to be given."),
    ]
    enum: Annotated[list[str | int], Meta(description="The values it may have; empty: any.")]
    pattern: Annotated[str | None, Meta(description="RE2 expression that a text has to match.")]


class BuilderSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source that the builder checks out."""

    name: Annotated[str, Meta(description="The source's name.")]
    default_branch: Annotated[
        str | None, Meta(description="What is built when nobody names a branch; null: not known.")
    ]
    branches: Annotated[list[str], Meta(description="Branches that exist, to choose from.")]


class BuilderTrigger(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger that asks for builds of the builder."""

    name: Annotated[str, Meta(description="The trigger's name.", examples=["change-widget"])]
    on: Annotated[str, Meta(description="Its kind: `change`, `manual`, `cron` or `success`.", examples=["change"])]


class BuilderDetail(msgspec.Struct, frozen=True, kw_only=True):
    """All about one builder, in one answer."""

    builder: Annotated[Builder, Meta(description="The builder as lists show it.")]
    protected: Annotated[
        bool, Meta(description="Defined by the central configuration alone: no repository's own file can change it.")
    ]
    timeout_seconds: Annotated[
        float | None,
        Meta(description="A build that runs for longer is stopped and fails; null: there is no limit."),
    ]
    steps: Annotated[list[str], Meta(description="Names of its steps, in order.")]
    sources: Annotated[list[BuilderSource], Meta(description="What it checks out, in the order of the configuration.")]
    inputs: Annotated[
        list[Input], Meta(description="What a person may choose who starts a build, in the order of the configuration.")
    ]
    locks: Annotated[list[str], Meta(description="Names of the locks that its builds hold.")]
    defined_by: Annotated[
        BuilderOrigin | None,
        Meta(description="Where the repository's file defines it; null: the central configuration does."),
    ]
    triggers: Annotated[list[BuilderTrigger], Meta(description="What asks for its builds, by name.")]
    waiting: Annotated[list[Request], Meta(description="Its first waiting requests.")]
    waiting_count: Annotated[int, Meta(description="How many of its requests wait.")]
    branches: Annotated[
        list[BranchStatus],
        Meta(description="The branches that it has built, broken ones first, then those built last, up to a limit."),
    ]
    recent: Annotated[list[Build], Meta(description="Its last builds, newest first; `/builds?builder=` has all.")]
    position: Position


class BuilderDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """What a builder is by the configuration in force."""

    builder: BuilderName
    text: Annotated[
        str,
        Meta(
            description="YAML as a configuration file could have it: its template and the values of its matrix put in, "
            "all its settings said, also those that nobody set; of its steps what differs from the defaults, and "
            "their timeouts."
        ),
    ]
    position: Position
