"""The rules of a build's life: assigned once, run step by step, and never changed after its end."""

from __future__ import annotations

from typing import assert_never

import msgspec

from buildledger.domain.build import (
    COMMANDS,
    AssignBuild,
    BuildCommands,
    BuildState,
    FinishBuild,
    FinishOperation,
    FinishStep,
    ObtainRevision,
    OperationStatus,
    RemoveArtifact,
    ReportOperationStarted,
    ReportTests,
    RequestOperation,
    RequestStepLocks,
    SetProperty,
    StartStep,
    StopBuild,
    StoreArtifact,
    TakeStepLocks,
    TimeOutBuild,
)
from buildledger.domain.command import Aggregate
from buildledger.domain.refusals import (
    BuildFinishedRefusal,
    BuildStoppingRefusal,
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
    StepLocksRequested,
    StepLocksTaken,
    StepStarted,
    StopCause,
    TestsReported,
)
from buildledger.events.fact import Fact


def decide(state: BuildState, command: BuildCommands) -> tuple[Fact, ...]:
    """Apply the rules of a build's life.

    Raises:
        NotFoundRefusal
        BuildTakenRefusal
        BuildFinishedRefusal
        BuildStoppingRefusal
        StepOrderRefusal
        UnknownOperationRefusal
        StaleFenceRefusal
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
        case RequestStepLocks() | TakeStepLocks():
            return _locks(state, command)
        case RequestOperation() | ReportOperationStarted() | FinishOperation():
            return _operation(state, state.assigned, command)
        case SetProperty() | ObtainRevision() | StoreArtifact() | ReportTests():
            return _learn(state, command)
        case StopBuild() | TimeOutBuild():
            return _stop(state, command)
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


def _stop(state: BuildState, command: StopBuild | TimeOutBuild) -> tuple[Fact, ...]:
    if isinstance(command, StopBuild):
        return (BuildStopRequested(reason=command.reason),) if _stops_something(state) else ()
    first = not state.stop_requested
    in_turn = not first and not state.stopped_again if command.for_good else first
    return (BuildStopRequested(reason=command.reason, cause=StopCause.TIMEOUT),) if in_turn else ()


def _stops_something(state: BuildState) -> bool:
    """Whether a stop changes anything: the first does, and one more if a step runs all the same."""
    runs_all_the_same = state.step_open and state.started_after_stop and not state.stopped_again
    return not state.stop_requested or runs_all_the_same


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
            is_over = state.operations.get(report.operation_id) is OperationStatus.FINISHED
            return (report,) if not is_over and report.part == state.reported.get(report.operation_id, 0) else ()
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
        case ReportOperationStarted() | FinishOperation() | StopBuild() | TimeOutBuild() | ReportTests():
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


def _locks(state: BuildState, command: RequestStepLocks | TakeStepLocks) -> tuple[Fact, ...]:
    if not state.step_open or command.step != state.step:
        raise StepOrderRefusal(command.build_id, command.step, "does not run, so it takes no locks")
    if isinstance(command, RequestStepLocks):
        return () if state.locks_requested else (StepLocksRequested(step=command.step, locks=command.locks),)
    if not state.locks_requested:
        raise StepOrderRefusal(command.build_id, command.step, "has asked for no locks")
    return () if state.locks_taken else (StepLocksTaken(step=command.step),)


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
        if state.waits_for_locks:
            raise StepOrderRefusal(command.build_id, command.step, "waits for its locks")
        if state.stopped_again or (state.stop_requested and not command.always_run):
            raise BuildStoppingRefusal(command.build_id)
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
            return replace(state, step=step, step_open=True, started_after_stop=state.stop_requested)
        case StepFinished():
            return replace(state, step_open=False, locks_requested={}, locks_taken=False)
        case StepLocksRequested(locks=locks):
            return replace(state, locks_requested=locks)
        case StepLocksTaken():
            return replace(state, locks_taken=True)
        case OperationRequested(operation_id=operation_id):
            return replace(state, operations=state.operations | {operation_id: OperationStatus.REQUESTED})
        case OperationStarted(operation_id=operation_id):
            return replace(state, operations=state.operations | {operation_id: OperationStatus.STARTED})
        case OperationFinished(operation_id=operation_id):
            return replace(state, operations=state.operations | {operation_id: OperationStatus.FINISHED})
        case BuildStopRequested():
            return _stopped(state, fact)
        case BuildFinished(result=result):
            return replace(state, result=result)
        case _:
            return _learnt(state, fact)


def _stopped(state: BuildState, fact: BuildStopRequested) -> BuildState:
    times_out = fact.cause is StopCause.TIMEOUT
    return msgspec.structs.replace(
        state,
        stop_requested=True,
        stopped_again=state.stop_requested,
        timed_out=state.timed_out or (times_out and not state.stop_requested),
        timeout_reason=fact.reason if times_out else state.timeout_reason,
    )


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
