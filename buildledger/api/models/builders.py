"""Builders: what can be built, and how the last builds ended."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.builds import Build
from buildledger.api.models.requests import Request
from buildledger.api.models.scalars import BuilderName, BuildRef, Cursor, Moment, Position, ResultName

BuilderStatus = Literal["never_built", "passing", "broken", "unclear"]


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """Since when a builder has not succeeded."""

    since: Annotated[BuildRef, Meta(description="The first build that failed.")]
    failures: Annotated[int, Meta(ge=1, description="How many builds have failed since, that one included.")]
    since_at: Moment


class Builder(msgspec.Struct, frozen=True, kw_only=True):
    """A builder as lists show it."""

    name: BuilderName
    base: Annotated[str, Meta(description="The name without the matrix cell.", examples=["tests"])]
    matrix: dict[str, str | int | bool]
    project: str | None
    description: str
    tags: list[str]
    configured: Annotated[bool, Meta(description="False: only history speaks of it.")]
    status: Annotated[
        BuilderStatus, Meta(description="Of its last build that passed or failed; `unclear` if none ever did either.")
    ]
    last_result: ResultName | None
    last_build: Annotated[BuildRef | None, Meta(description="The last one that finished, whatever its result.")]
    broken: Broken | None
    build_count: int
    running: Annotated[list[BuildRef], Meta(description="Builds that run.")]


class BuilderPage(msgspec.Struct, frozen=True, kw_only=True):
    """Builders, by name."""

    items: list[Builder]
    next: Cursor
    position: Position


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """A value that a person gives, or may give, who starts a build."""

    name: Annotated[str, Meta(examples=["version"])]
    type: Literal["string", "integer", "boolean", "list"]
    description: str
    required: bool
    default: str | int | bool | list[str] | None
    enum: list[str | int]
    pattern: Annotated[str | None, Meta(description="RE2 expression that a text has to match.")]


class BuilderSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source that the builder checks out."""

    name: str
    default_branch: Annotated[str | None, Meta(description="What is built when nobody names a branch.")]
    branches: Annotated[list[str], Meta(description="Branches that exist, to choose from.")]


class BuilderDetail(msgspec.Struct, frozen=True, kw_only=True):
    """All about one builder, in one answer."""

    builder: Builder
    steps: Annotated[list[str], Meta(description="Names of its steps, in order.")]
    sources: list[BuilderSource]
    inputs: list[Input]
    locks: list[str]
    waiting: Annotated[list[Request], Meta(description="Its first waiting requests.")]
    waiting_count: int
    recent: Annotated[list[Build], Meta(description="Its last builds, newest first; `/builds?builder=` has all.")]
    position: Position
