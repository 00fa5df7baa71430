"""The first page, in one answer."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from buildledger.api.models.builders import Broken
from buildledger.api.models.builds import Build
from buildledger.api.models.requests import Request
from buildledger.api.models.scalars import BuilderName, BuildRef, Id, Moment, Person, Position, Revision, SourceName


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A commit that came into the first failing build and was in no green one."""

    change_id: Id
    source: SourceName
    revision: Revision
    subject: str | None
    author: Person


class BrokenBuilder(msgspec.Struct, frozen=True, kw_only=True):
    """A builder whose last verdict is bad."""

    name: BuilderName
    project: str | None
    broken: Broken
    last_build: BuildRef
    summary: str
    suspects: Annotated[list[Suspect], Meta(description="The first of them, newest first.")]
    suspect_count: int
    baseline: Annotated[bool, Meta(description="False: the builder never was green, so nobody is suspected.")]


class BuilderCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How the configured builders stand."""

    total: int
    passing: int
    broken: int
    unclear: int
    never_built: int


class QueueSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What waits."""

    waiting: int
    oldest_at: Moment | None
    first: Annotated[list[Request], Meta(description="The next in line.")]


class WorkerCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How the configured workers stand."""

    total: int
    connected: int
    paused: int
    busy: Annotated[int, Meta(description="With at least one build.")]


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """What is broken, since when and whose; what runs, waits and was built last."""

    broken: Annotated[list[BrokenBuilder], Meta(description="Broken the longest first.")]
    broken_count: int
    running: list[Build]
    running_count: int
    recent: Annotated[list[Build], Meta(description="The last that finished.")]
    queue: QueueSummary
    builders: BuilderCounts
    workers: WorkerCounts
    position: Position
