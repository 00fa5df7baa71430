"""Builds, their steps, and what their workers were asked to do."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.artifacts import Artifact, TestSummary
from buildledger.api.models.changes import Change
from buildledger.api.models.scalars import (
    Actor,
    BuilderName,
    BuildRef,
    Cursor,
    Digest,
    Id,
    Moment,
    Person,
    Position,
    ResultName,
    Revision,
    SourceName,
    SourceStamp,
    WorkerName,
)

BuildStatus = Literal["running", "stopping", "finished"]


class CurrentStep(msgspec.Struct, frozen=True, kw_only=True):
    """The step that runs."""

    index: int
    name: str
    started_at: Moment


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """A build as lists show it."""

    id: Id
    builder: BuilderName
    number: Annotated[int, Meta(ge=1, description="Counts the builds of its builder.", examples=[12])]
    position: Annotated[Position, Meta(description="Where it was assigned; newer builds have higher ones.")]
    status: BuildStatus
    result: ResultName | None
    summary: Annotated[str, Meta(examples=["step pytest: exit code 1"])]
    reason: Annotated[str, Meta(examples=["change on main"])]
    requested_by: Actor
    worker: WorkerName
    attempt: int
    stamps: list[SourceStamp]
    change_count: int
    step: Annotated[CurrentStep | None, Meta(description="Only while it runs.")]
    assigned_at: Moment
    finished_at: Moment | None


class BuildPage(msgspec.Struct, frozen=True, kw_only=True):
    """Builds, newest first."""

    items: list[Build]
    next: Cursor
    position: Position


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation wrote to one channel. Size, lines and digest are known when it is finished."""

    id: Id
    build_id: Id
    step: int
    operation_id: Id
    channel: Annotated[str, Meta(examples=["stdio"])]
    label: str
    finished: bool
    size_bytes: int | None
    line_count: int | None
    sha256: Digest | None
    truncated: bool
    opened_at: Moment
    finished_at: Moment | None


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing done on a worker."""

    id: Id
    step: int
    label: Annotated[str, Meta(examples=["git fetch"])]
    kind: Annotated[str, Meta(examples=["run"])]
    command: Annotated[str, Meta(description="The argv as one line, or the path it works on.", examples=["pytest -q"])]
    status: Literal["requested", "started", "finished"]
    ended: Annotated[str | None, Meta(description="`exited`, `signalled`, `no_output`, …; null while it runs.")]
    exit_code: int | None
    signal: int | None
    detail: str
    duration_seconds: float | None
    requested_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    logs: list[Log]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a build."""

    index: int
    name: Annotated[str, Meta(examples=["pytest"])]
    program: Annotated[str, Meta(examples=["run"])]
    result: ResultName | None
    summary: Annotated[str, Meta(examples=["exit code 1"])]
    started_at: Moment
    finished_at: Moment | None
    operations: list[Operation]


class StepList(msgspec.Struct, frozen=True, kw_only=True):
    """All steps of a build that have begun, in order."""

    items: list[Step]
    position: Position


class Property(msgspec.Struct, frozen=True, kw_only=True):
    """A value that the build learnt."""

    name: str
    value: Any
    origin: Annotated[str, Meta(description="The step that set it.")]


class Blame(msgspec.Struct, frozen=True, kw_only=True):
    """What one source brought into a build that no green build of the same stream had."""

    source: SourceName
    revision: Revision
    baseline: Annotated[
        Literal["green", "none"], Meta(description="`none`: the stream never was green, so nobody is blamed.")
    ]
    commit_count: int
    truncated: Annotated[bool, Meta(description="There are more commits than are listed.")]
    commits: Annotated[list[Change], Meta(description="Newest first.")]
    authors: Annotated[list[Person], Meta(description="Authors and co-authors of the commits, each once.")]


class BuildDetail(msgspec.Struct, frozen=True, kw_only=True):
    """All about one build, in one answer."""

    build: Build
    inputs: dict[str, Any]
    config_revision: Annotated[int | None, Meta(description="The configuration it is built under.")]
    config_digest: Digest
    requests: Annotated[list[Id], Meta(description="The request it was made for, then those collapsed into it.")]
    previous: Annotated[BuildRef | None, Meta(description="The same builder's build before it.")]
    next: Annotated[BuildRef | None, Meta(description="The same builder's build after it.")]
    rebuild_of: Id | None
    steps: list[Step]
    planned_steps: Annotated[list[str], Meta(description="Names of all steps in its configuration.")]
    properties: list[Property]
    artifacts: list[Artifact]
    tests: Annotated[TestSummary | None, Meta(description="Null: no test report was read.")]
    changes: list[Change]
    blame: list[Blame]
    position: Position
