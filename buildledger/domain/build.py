"""Builds: what one is, and what can be commanded of it; `build_rules` decides."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from buildledger.domain.command import Command
from buildledger.events.build import ArtifactStored, BuildAssigned, TestsReported
from buildledger.events.ids import BuildId, OperationId
from buildledger.events.operation import Ended, OperationSpec
from buildledger.events.results import Result


class OperationStatus(StrEnum):
    """Where an operation stands."""

    REQUESTED = "requested"
    STARTED = "started"
    FINISHED = "finished"


class BuildState(msgspec.Struct, frozen=True, kw_only=True):
    """A build as its facts left it."""

    assigned: BuildAssigned | None = None
    step: int = -1
    """The step that runs or ran last; -1 before the first."""
    step_open: bool = False
    locks_requested: dict[str, int] = msgspec.field(default_factory=dict)
    """How much of each lock the open step takes; empty if it takes none, or hasn't asked for them yet."""
    locks_taken: bool = False
    """The open step has its locks."""
    stop_requested: bool = False
    timed_out: bool = False
    """What first asked for its end was its builder's timeout, so it fails."""
    timeout_reason: str = ""
    """What was said when the builder's timeout stopped something; empty: it hasn't."""
    started_after_stop: bool = False
    """The step that runs or ran last started after a stop was asked for, so it is one that always runs."""
    stopped_again: bool = False
    """A second stop was asked for, while such a step ran: nothing more is run, whatever always runs."""
    result: Result | None = None
    operations: dict[OperationId, OperationStatus] = msgspec.field(default_factory=dict)
    properties: dict[str, Any] = msgspec.field(default_factory=dict)
    revisions: dict[str, str] = msgspec.field(default_factory=dict)
    artifacts: dict[str, ArtifactStored] = msgspec.field(default_factory=dict)
    removed: tuple[OperationId, ...] = ()
    """Uploads whose artifacts are kept no longer."""
    reported: dict[OperationId, int] = msgspec.field(default_factory=dict)
    """How many parts of test reports each operation has brought."""

    @property
    def stop_result(self) -> Result:
        """What the build comes to because it is being stopped: a failure if it took too long."""
        return Result.FAILURE if self.timed_out else Result.CANCELLED

    @property
    def waits_for_locks(self) -> bool:
        """The open step has asked for locks and hasn't got them."""
        return self.step_open and bool(self.locks_requested) and not self.locks_taken

    @property
    def operation_open(self) -> bool:
        """A worker is still at something that it was asked for."""
        return any(status is not OperationStatus.FINISHED for status in self.operations.values())


class BuildCommand(Command, frozen=True, kw_only=True):
    """A command about one build."""

    build_id: BuildId

    @property
    def stream_id(self) -> UUID:
        """The build's stream."""
        return self.build_id


class AssignBuild(BuildCommand, frozen=True, kw_only=True):
    """Bring a build into being on a worker; of two servers that race for it one wins."""

    assignment: BuildAssigned


class StartStep(BuildCommand, frozen=True, kw_only=True):
    """Begin the next step; one that has begun already decides nothing."""

    step: int
    name: str
    program: str
    program_version: int


class RequestStepLocks(BuildCommand, frozen=True, kw_only=True):
    """Let the running step wait for its locks; one that has asked for them already decides nothing."""

    step: int
    locks: dict[str, int]


class TakeStepLocks(BuildCommand, frozen=True, kw_only=True):
    """Give the running step the locks that it waits for.

    Whether they are free nobody can tell from one build: the server that leads the reactors decides it for all.
    """

    step: int


class RequestOperation(BuildCommand, frozen=True, kw_only=True):
    """Ask for something to be done; the same operation again decides nothing. Refused if the build is being stopped."""

    operation_id: OperationId
    step: int
    label: str
    spec: OperationSpec
    always_run: bool = False
    """Its step always runs: a stop doesn't refuse it, only a second one does."""


class ReportOperationStarted(BuildCommand, frozen=True, kw_only=True):
    """Say that the worker has started the process."""

    operation_id: OperationId
    fence: int
    mechanism: str = ""


class FinishOperation(BuildCommand, frozen=True, kw_only=True):
    """Say how an operation ended; only the first end counts."""

    operation_id: OperationId
    fence: int
    ended: Ended


class SetProperty(BuildCommand, frozen=True, kw_only=True):
    """Let the build know a value."""

    name: str
    value: Any
    origin: str


class ObtainRevision(BuildCommand, frozen=True, kw_only=True):
    """Say which revision a checkout really got."""

    source: str
    revision: str


class StoreArtifact(BuildCommand, frozen=True, kw_only=True):
    """Say that a file of the build is kept; the same file again decides nothing."""

    artifact: ArtifactStored


class RemoveArtifact(BuildCommand, frozen=True, kw_only=True):
    """Say that an artifact is kept no longer; possible after the build's end, and saying it twice decides nothing."""

    operation_id: OperationId
    reason: str


class ReportTests(BuildCommand, frozen=True, kw_only=True):
    """Say what a part of a test report holds; parts come in their order, and the same one again decides nothing."""

    report: TestsReported


class FinishStep(BuildCommand, frozen=True, kw_only=True):
    """End the running step; refused while a worker is still at one of its operations."""

    step: int
    result: Result
    summary: str = ""


class StopBuild(BuildCommand, frozen=True, kw_only=True):
    """Ask for the build's end.

    Asking again decides nothing, unless a step runs meanwhile that always runs: then this ends it as well.
    """

    reason: str


class TimeOutBuild(BuildCommand, frozen=True, kw_only=True):
    """End a build that has taken longer than its builder allows; one that is being stopped already decides nothing.

    With `for_good` it ends what always runs as well, in a build that is being stopped, whatever wanted that.
    """

    reason: str
    for_good: bool = False


class FinishBuild(BuildCommand, frozen=True, kw_only=True):
    """End the build."""

    result: Result
    summary: str = ""


COMMANDS = (
    AssignBuild,
    StartStep,
    RequestStepLocks,
    TakeStepLocks,
    RequestOperation,
    ReportOperationStarted,
    FinishOperation,
    SetProperty,
    ObtainRevision,
    StoreArtifact,
    RemoveArtifact,
    ReportTests,
    FinishStep,
    StopBuild,
    TimeOutBuild,
    FinishBuild,
)
BuildCommands = (
    AssignBuild
    | StartStep
    | RequestStepLocks
    | TakeStepLocks
    | RequestOperation
    | ReportOperationStarted
    | FinishOperation
    | SetProperty
    | ObtainRevision
    | StoreArtifact
    | RemoveArtifact
    | ReportTests
    | FinishStep
    | StopBuild
    | TimeOutBuild
    | FinishBuild
)
