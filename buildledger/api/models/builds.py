"""Builds, their steps, and what their workers were asked to do."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.artifacts import Artifact, TestSummary
from buildledger.api.models.changes import Change
from buildledger.api.models.generated import Generated, GeneratedBy
from buildledger.api.models.locks import LockWait
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

    index: Annotated[int, Meta(description="Place among the steps of the build, from 0.")]
    name: Annotated[str, Meta(description="The step's name.")]
    after_stop: Annotated[
        bool, Meta(description="It began while the build was being stopped, as it always runs; another stop ends it.")
    ]
    started_at: Annotated[Moment, Meta(description="When it began, in UTC.")]
    waiting: Annotated[
        LockWait | None, Meta(description="The lock that it waits for before it does anything; or null.")
    ]


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """A build as lists show it."""

    id: Annotated[Id, Meta(description="Names the build in addresses.")]
    builder: BuilderName
    number: Annotated[int, Meta(ge=1, description="Counts the builds of its builder.", examples=[12])]
    position: Annotated[Position, Meta(description="Where it was assigned; newer builds have higher ones.")]
    status: Annotated[
        BuildStatus, Meta(description="`stopping`: somebody has asked for its end, and its worker hasn't stopped yet.")
    ]
    result: Annotated[ResultName | None, Meta(description="How it ended; null while it runs.")]
    summary: Annotated[
        str, Meta(description="One line on how it ended; empty while it runs.", examples=["step pytest: exit code 1"])
    ]
    reason: Annotated[str, Meta(description="Why it was requested.", examples=["change on main"])]
    requested_by: Annotated[Actor, Meta(description="Who or what requested it.")]
    worker: Annotated[WorkerName, Meta(description="The worker it was assigned to.")]
    attempt: Annotated[
        int, Meta(description="Counts the builds of the same request: 1, and higher when it was tried again.")
    ]
    stamps: Annotated[list[SourceStamp], Meta(description="What is built, one entry for each source.")]
    change_count: Annotated[int, Meta(description="How many commits caused it.")]
    step: Annotated[CurrentStep | None, Meta(description="Only while it runs.")]
    assigned_at: Annotated[Moment, Meta(description="When it was assigned to its worker, in UTC.")]
    finished_at: Annotated[Moment | None, Meta(description="When it ended; null while it runs.")]


class BuildPage(msgspec.Struct, frozen=True, kw_only=True):
    """Builds, newest first."""

    items: Annotated[list[Build], Meta(description="The builds of this page.")]
    next: Cursor
    position: Position


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation wrote to one channel. Size, lines and digest are known when it is finished."""

    id: Annotated[Id, Meta(description="Names the log in addresses.")]
    build_id: Annotated[Id, Meta(description="The build it belongs to.")]
    step: Annotated[int, Meta(description="The step's place in the build, from 0.")]
    operation_id: Annotated[Id, Meta(description="The operation that wrote it.")]
    channel: Annotated[str, Meta(description="Which of the operation's outputs it is.", examples=["stdio"])]
    label: Annotated[str, Meta(description="What the operation does, for people.")]
    finished: Annotated[bool, Meta(description="It never grows again.")]
    size_bytes: Annotated[int | None, Meta(description="Its size in bytes; null until it is finished.")]
    line_count: Annotated[int | None, Meta(description="How many lines it has; null until it is finished.")]
    sha256: Annotated[Digest | None, Meta(description="SHA-256 of its bytes in hex; null until it is finished.")]
    truncated: Annotated[
        bool, Meta(description="The limit of its size was reached, and what was written beyond it is lost.")
    ]
    opened_at: Annotated[Moment, Meta(description="When it was opened, in UTC.")]
    finished_at: Annotated[Moment | None, Meta(description="When it was finished; null while it may grow.")]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing done on a worker."""

    id: Annotated[Id, Meta(description="Names the operation; its logs and artifacts refer to it.")]
    step: Annotated[int, Meta(description="The step's place in the build, from 0.")]
    label: Annotated[str, Meta(description="What it does, for people.", examples=["git fetch"])]
    kind: Annotated[
        str,
        Meta(
            description="What is asked of the worker: `run` a command, `upload`, `download`, `remove`, …",
            examples=["run"],
        ),
    ]
    command: Annotated[str, Meta(description="The argv as one line, or the path it works on.", examples=["pytest -q"])]
    status: Annotated[
        Literal["requested", "started", "finished"], Meta(description="`requested`: its worker hasn't begun yet.")
    ]
    ended: Annotated[str | None, Meta(description="`exited`, `signalled`, `no_output`, …; null while it runs.")]
    exit_code: Annotated[
        int | None,
        Meta(description="Exit code of the command; null: it runs, was ended by a signal, or is no command."),
    ]
    signal: Annotated[int | None, Meta(description="Number of the signal that ended the command; null: none did.")]
    detail: Annotated[str, Meta(description="More on how it ended; may be empty.")]
    duration_seconds: Annotated[
        float | None, Meta(description="How long it took on the worker, in seconds; null until it has ended.")
    ]
    requested_at: Annotated[Moment, Meta(description="When it was asked for, in UTC.")]
    started_at: Annotated[Moment | None, Meta(description="When its worker began; null before.")]
    finished_at: Annotated[Moment | None, Meta(description="When it ended; null before.")]
    logs: Annotated[list[Log], Meta(description="What it has written, one log for each channel.")]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a build."""

    index: Annotated[int, Meta(description="Place among the steps of the build, from 0.")]
    name: Annotated[str, Meta(description="The step's name.", examples=["pytest"])]
    program: Annotated[str, Meta(description="The kind of step, as the configuration names it.", examples=["run"])]
    result: Annotated[ResultName | None, Meta(description="How it ended; null while it runs.")]
    summary: Annotated[
        str,
        Meta(
            description="One line on how it ended, or which part of its `when` kept it; empty while it runs.",
            examples=["exit code 1"],
        ),
    ]
    after_stop: Annotated[
        bool, Meta(description="It began while the build was being stopped, as it always runs; another stop ends it.")
    ]
    locks: Annotated[
        dict[str, int],
        Meta(description="How much it takes of each lock, by name; empty: of none.", examples=[{"db": 1}]),
    ]
    waiting: Annotated[
        LockWait | None, Meta(description="The lock that it waits for before it does anything; or null.")
    ]
    locks_taken_at: Annotated[
        Moment | None, Meta(description="When it had its locks, which it has waited for since it began; or null.")
    ]
    started_at: Annotated[Moment, Meta(description="When it began, in UTC.")]
    finished_at: Annotated[Moment | None, Meta(description="When it ended; null while it runs.")]
    operations: Annotated[list[Operation], Meta(description="What was asked of the worker, in order.")]
    generated: Annotated[
        Generated | None, Meta(description="What a step `generate` has generated; null: nothing was read yet, or ever.")
    ]


class StepList(msgspec.Struct, frozen=True, kw_only=True):
    """All steps of a build that have begun, in order."""

    items: Annotated[list[Step], Meta(description="The steps.")]
    position: Position


class Property(msgspec.Struct, frozen=True, kw_only=True):
    """A value that the build learnt."""

    name: Annotated[str, Meta(description="The property's name.")]
    value: Annotated[Any, Meta(description="Any JSON value.")]
    origin: Annotated[str, Meta(description="The step that set it.")]


class Blame(msgspec.Struct, frozen=True, kw_only=True):
    """What one source brought into a build since its nearest green ancestors."""

    source: SourceName
    revision: Revision
    baseline: Annotated[
        Literal["green", "none"], Meta(description="`none`: no ancestor was green, so nobody is blamed.")
    ]
    commit_count: Annotated[int, Meta(description="How many commits are blamed; `commits` may have fewer.")]
    truncated: Annotated[bool, Meta(description="There are more commits than are listed.")]
    commits: Annotated[list[Change], Meta(description="Newest first.")]
    authors: Annotated[list[Person], Meta(description="Authors and co-authors of the commits, each once.")]


class BuildDetail(msgspec.Struct, frozen=True, kw_only=True):
    """All about one build, in one answer."""

    build: Annotated[Build, Meta(description="The build as lists show it.")]
    inputs: Annotated[dict[str, Any], Meta(description="Values of the builder's inputs, by name.")]
    config_revision: Annotated[int | None, Meta(description="The configuration it is built under.")]
    config_digest: Digest
    requests: Annotated[list[Id], Meta(description="The request it was made for, then those collapsed into it.")]
    previous: Annotated[BuildRef | None, Meta(description="The same builder's build before it.")]
    next: Annotated[BuildRef | None, Meta(description="The same builder's build after it.")]
    rebuild_of: Annotated[Id | None, Meta(description="The build that this one repeats; null: none.")]
    generated_by: Annotated[
        GeneratedBy | None, Meta(description="The step that has generated its builder; null: it was configured.")
    ]
    steps: Annotated[list[Step], Meta(description="Its steps that have begun, in order.")]
    planned_steps: Annotated[list[str], Meta(description="Names of all steps in its configuration.")]
    properties: Annotated[list[Property], Meta(description="What its steps have learnt, by name.")]
    artifacts: Annotated[list[Artifact], Meta(description="What it has stored, also what was removed since.")]
    tests: Annotated[TestSummary | None, Meta(description="Null: no test report was read.")]
    changes: Annotated[list[Change], Meta(description="The commits that caused it.")]
    blame: Annotated[
        list[Blame],
        Meta(description="What came since the last green build of the same stream, one entry for each source."),
    ]
    position: Position
