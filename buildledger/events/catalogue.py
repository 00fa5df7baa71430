"""THE list: which stored name is which class. A name, once stored, stays here for ever."""

from __future__ import annotations

from buildledger.events import build, change, config, log, machine, person, request, server, worker
from buildledger.events.fact import Fact

FACTS: tuple[type[Fact], ...] = (
    change.ChangeRecorded,
    change.BranchMoved,
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
    build.OperationRequested,
    build.OperationStarted,
    build.OperationFinished,
    build.PropertySet,
    build.RevisionObtained,
    build.ArtifactStored,
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
    worker.WorkerPaused,
    worker.WorkerResumed,
    worker.WorkerRevoked,
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
    worker.WorkerCredentialRotated,
    worker.WorkerCredentialExpired,
    person.ClaimRecorded,
    server.ServerStarted,
    server.ServerStopped,
)

BY_NAME: dict[str, type[Fact]] = {fact.NAME: fact for fact in FACTS}
