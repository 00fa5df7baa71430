"""Builds: assigned once, run step by step, and never changed after their end."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, assert_never
from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.domain.refusals import (
    BuildFinishedRefusal,
    BuildTakenRefusal,
    NotFoundRefusal,
    StaleFenceRefusal,
    StepOrderRefusal,
    UnknownOperationRefusal,
)
from buildledger.events.build import (
    ArtifactRemoved,
    ArtifactStored,
    BuildAssigned,
    BuildFinished,
    BuildStopRequested,
    OperationFinished,
    OperationRequested,
    OperationStarted,
    PropertySet,
    RevisionObtained,
    StepFinished,
    StepStarted,
    TestsReported,
)
from buildledger.events.fact import Fact
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
    stop_requested: bool = False
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


class RequestOperation(BuildCommand, frozen=True, kw_only=True):
    """Ask the build's worker to do something; the same operation again decides nothing."""

    operation_id: OperationId
    step: int
    label: str
    spec: OperationSpec


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
    """Ask for the build's end; asking twice decides nothing."""

    reason: str


class FinishBuild(BuildCommand, frozen=True, kw_only=True):
    """End the build."""

    result: Result
    summary: str = ""


COMMANDS = (
    AssignBuild,
    StartStep,
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
    FinishBuild,
)
BuildCommands = (
    AssignBuild
    | StartStep
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
    | FinishBuild
)


def decide(state: BuildState, command: BuildCommands) -> tuple[Fact, ...]:
    """Apply the rules of a build's life.

    Raises: NotFoundRefusal, BuildTakenRefusal, BuildFinishedRefusal, StepOrderRefusal, UnknownOperationRefusal,
    StaleFenceRefusal.
    """
    if isinstance(command, AssignBuild):
        return _assign(state, command)
    if state.assigned is None:
        raise NotFoundRefusal("build", command.build_id)
    if isinstance(command, RemoveArtifact):
        return _remove(state, command)
    if state.result is not None:
        return _after_the_end(state, command)
    match command:
        case StartStep() | FinishStep():
            return _step(state, command)
        case RequestOperation() | ReportOperationStarted() | FinishOperation():
            return _operation(state, state.assigned, command)
        case SetProperty() | ObtainRevision() | StoreArtifact() | ReportTests():
            return _learn(state, command)
        case StopBuild(reason=reason):
            return () if state.stop_requested else (BuildStopRequested(reason=reason),)
        case FinishBuild(result=result, summary=summary):
            if state.step_open:
                raise StepOrderRefusal(command.build_id, state.step, "still runs, the build can't finish")
            return (BuildFinished(result=result, summary=summary),)
        case _:
            assert_never(command)


def _assign(state: BuildState, command: AssignBuild) -> tuple[Fact, ...]:
    if state.assigned is None:
        return (command.assignment,)
    same = (state.assigned.worker, state.assigned.requests) == (command.assignment.worker, command.assignment.requests)
    if same:
        return ()
    raise BuildTakenRefusal(command.build_id, state.assigned.worker)


def _learn(state: BuildState, command: SetProperty | ObtainRevision | StoreArtifact | ReportTests) -> tuple[Fact, ...]:
    """What a step has brought to light is recorded unless it is known."""
    match command:
        case SetProperty(name=name, value=value, origin=origin):
            known = name in state.properties and state.properties[name] == value
            return () if known else (PropertySet(name=name, value=value, origin=origin),)
        case ObtainRevision(source=source, revision=revision):
            known = state.revisions.get(source) == revision
            return () if known else (RevisionObtained(source=source, revision=revision),)
        case StoreArtifact(artifact=artifact):
            return () if state.artifacts.get(artifact.name) == artifact else (artifact,)
        case ReportTests(report=report):
            return (report,) if report.part == state.reported.get(report.operation_id, 0) else ()
        case _:
            assert_never(command)


def _remove(state: BuildState, command: RemoveArtifact) -> tuple[Fact, ...]:
    if command.operation_id in state.removed or command.operation_id not in state.operations:
        return ()
    return (ArtifactRemoved(operation_id=command.operation_id, reason=command.reason),)


def _after_the_end(state: BuildState, command: BuildCommands) -> tuple[Fact, ...]:
    """A finished build takes back what is repeated and refuses what would be new."""
    match command:
        case FinishBuild(result=result) if result == state.result:
            return ()
        case ReportOperationStarted() | FinishOperation() | StopBuild() | ReportTests():
            return ()
        case _:
            raise BuildFinishedRefusal(command.build_id)


def _step(state: BuildState, command: StartStep | FinishStep) -> tuple[Fact, ...]:
    if isinstance(command, StartStep):
        if command.step <= state.step:
            return ()
        if state.step_open or command.step != state.step + 1:
            raise StepOrderRefusal(command.build_id, command.step, f"can't start while step {state.step} is current")
        return (
            StepStarted(
                step=command.step,
                name=command.name,
                program=command.program,
                program_version=command.program_version,
            ),
        )
    if command.step < state.step or (command.step == state.step and not state.step_open):
        return ()
    if command.step != state.step:
        raise StepOrderRefusal(command.build_id, command.step, "has not started")
    if state.operation_open:
        raise StepOrderRefusal(command.build_id, command.step, "can't finish while one of its operations is open")
    return (StepFinished(step=command.step, result=command.result, summary=command.summary),)


def _operation(
    state: BuildState,
    assigned: BuildAssigned,
    command: RequestOperation | ReportOperationStarted | FinishOperation,
) -> tuple[Fact, ...]:
    status = state.operations.get(command.operation_id)
    if isinstance(command, RequestOperation):
        if status is not None:
            return ()
        if not state.step_open or command.step != state.step:
            raise StepOrderRefusal(command.build_id, command.step, "does not run, so it can't ask for an operation")
        return (
            OperationRequested(
                operation_id=command.operation_id,
                step=command.step,
                label=command.label,
                worker=assigned.worker,
                fence=assigned.fence,
                spec=command.spec,
            ),
        )
    if command.fence != assigned.fence:
        raise StaleFenceRefusal(command.build_id, command.fence, assigned.fence)
    if status is None:
        raise UnknownOperationRefusal(command.build_id, command.operation_id)
    if isinstance(command, ReportOperationStarted):
        started = OperationStarted(operation_id=command.operation_id, mechanism=command.mechanism)
        return (started,) if status is OperationStatus.REQUESTED else ()
    if status is OperationStatus.FINISHED:
        return ()
    return (OperationFinished(operation_id=command.operation_id, ended=command.ended),)


def evolve(state: BuildState, fact: Fact) -> BuildState:
    """Move the build along."""
    replace = msgspec.structs.replace
    match fact:
        case BuildAssigned():
            return replace(state, assigned=fact)
        case StepStarted(step=step):
            return replace(state, step=step, step_open=True)
        case StepFinished():
            return replace(state, step_open=False)
        case OperationRequested(operation_id=operation_id):
            return replace(state, operations=state.operations | {operation_id: OperationStatus.REQUESTED})
        case OperationStarted(operation_id=operation_id):
            return replace(state, operations=state.operations | {operation_id: OperationStatus.STARTED})
        case OperationFinished(operation_id=operation_id):
            return replace(state, operations=state.operations | {operation_id: OperationStatus.FINISHED})
        case BuildStopRequested():
            return replace(state, stop_requested=True)
        case BuildFinished(result=result):
            return replace(state, result=result)
        case _:
            return _learnt(state, fact)


def _learnt(state: BuildState, fact: Fact) -> BuildState:
    replace = msgspec.structs.replace
    match fact:
        case PropertySet(name=name, value=value):
            return replace(state, properties=state.properties | {name: value})
        case RevisionObtained(source=source, revision=revision):
            return replace(state, revisions=state.revisions | {source: revision})
        case ArtifactStored(name=name):
            return replace(state, artifacts=state.artifacts | {name: fact})
        case ArtifactRemoved(operation_id=operation_id):
            return replace(state, removed=(*state.removed, operation_id))
        case TestsReported(operation_id=operation_id, part=part):
            return replace(state, reported=state.reported | {operation_id: part + 1})
        case _:
            return state


AGGREGATE = Aggregate(name="build", commands=COMMANDS, initial=BuildState(), decide=decide, evolve=evolve)
