"""THE list: which stored name is which class. A name, once stored, stays here for ever."""

from __future__ import annotations

from buildledger.events import (
    build,
    change,
    config,
    log,
    machine,
    person,
    pipeline,
    projection,
    request,
    seal,
    server,
    worker,
)
from buildledger.events.fact import Fact

FACTS: tuple[type[Fact], ...] = (
    change.ChangeRecordedV1,
    change.ChangeRecorded,
    change.BranchMoved,
    change.DefaultBranchChanged,
    change.SourceFailed,
    change.SourceRecovered,
    request.RequestSubmittedV1,
    request.RequestSubmitted,
    request.RequestPrioritised,
    request.RequestClaimed,
    request.RequestCollapsed,
    request.RequestReturned,
    request.RequestFinished,
    build.BuildAssigned,
    build.StepStarted,
    build.StepLocksRequested,
    build.StepLocksTaken,
    build.OperationRequested,
    build.OperationStarted,
    build.OperationFinished,
    build.PropertySet,
    build.RevisionObtained,
    build.ArtifactStored,
    build.ArtifactRemoved,
    build.TestsReported,
    build.StepFinished,
    build.BuildStopRequested,
    build.BuildFinished,
    log.LogOpened,
    log.LogFinished,
    worker.EnrollmentIssued,
    worker.EnrollmentUsed,
    worker.WorkerEnrolled,
    worker.WorkerConnected,
    worker.WorkerDisconnected,
    worker.WorkerLost,
    worker.WorkerMissing,
    worker.WorkerReturned,
    worker.WorkerPausedV1,
    worker.WorkerPaused,
    worker.WorkerLedgerContradicted,
    worker.WorkerResumed,
    worker.WorkerRevoked,
    worker.WorkerCredentialRotated,
    worker.WorkerCredentialExpired,
    machine.MachineStartRequested,
    machine.MachineStarted,
    machine.MachineStartFailed,
    machine.MachineQuarantined,
    machine.MachineReleased,
    machine.MachineIdle,
    machine.MachineStopRequested,
    machine.MachineStopped,
    config.ConfigApplied,
    config.ConfigEffectFailed,
    pipeline.PipelineDefined,
    pipeline.PipelineRead,
    pipeline.PipelineRejected,
    pipeline.PipelineMissing,
    person.ClaimRecordedV1,
    person.ClaimRecorded,
    server.ServerStarted,
    server.ServerStopped,
    server.ServerLost,
    projection.ProjectionSkipped,
    seal.SealMade,
)

BY_NAME: dict[str, type[Fact]] = {fact.NAME: fact for fact in FACTS}


def stored_names(*facts: type[Fact]) -> tuple[str, ...]:
    """The names under which facts of these classes are stored, those of their earlier versions included."""
    kinds = {_kind(fact.NAME) for fact in facts}
    return tuple(name for name in BY_NAME if _kind(name) in kinds)


def _kind(name: str) -> str:
    """A name without its version."""
    return name.rpartition(".v")[0]
