"""The rules of a worker's presence: let in by a credential, connected in numbered sessions, lost with its lease."""

from __future__ import annotations

from typing import assert_never

import msgspec

from buildledger.domain import credential
from buildledger.domain.command import Aggregate
from buildledger.domain.refusals import (
    DuplicateWorkerRefusal,
    LedgerBehindRefusal,
    TokenRefusal,
    WorkerUnavailableRefusal,
)
from buildledger.domain.worker import (
    COMMANDS,
    ConnectWorker,
    ContradictLedger,
    CredentialCommands,
    DisconnectWorker,
    EnrollWorker,
    ExpireCredential,
    ExpireLease,
    PauseWorker,
    ReportWorkerMissing,
    RequireWorker,
    ResumeWorker,
    RevokeWorker,
    RotateCredential,
    WorkerCommands,
    WorkerState,
)
from buildledger.events.fact import Fact
from buildledger.events.worker import (
    DisconnectReason,
    WorkerConnected,
    WorkerCredentialExpired,
    WorkerCredentialRotated,
    WorkerDisconnected,
    WorkerEnrolled,
    WorkerLedgerContradicted,
    WorkerLost,
    WorkerMissing,
    WorkerPaused,
    WorkerResumed,
    WorkerReturned,
    WorkerRevoked,
)


def decide(state: WorkerState, command: WorkerCommands) -> tuple[Fact, ...]:
    """Apply the rules of the door.

    Raises:
        WorkerNotEnrolledRefusal
        DuplicateWorkerRefusal
        LedgerBehindRefusal
        WorkerUnavailableRefusal
    """
    match command:
        case EnrollWorker() | RotateCredential() | ExpireCredential() | RevokeWorker():
            return _credential(state, command)
        case ConnectWorker():
            return _connect(state, command)
        case DisconnectWorker(epoch=epoch, reason=reason):
            return (WorkerDisconnected(epoch=epoch, reason=reason),) if _current(state, epoch) else ()
        case ExpireLease(epoch=epoch):
            gone = epoch == state.epoch and not state.connected and not state.lost
            return (WorkerLost(epoch=epoch),) if gone else ()
        case ReportWorkerMissing(worker=worker, epoch=epoch, since=since):
            away = epoch == state.epoch and not state.connected and not state.missing
            return (WorkerMissing(worker=worker, epoch=epoch, since=since),) if away else ()
        case PauseWorker(by=by, reason=reason):
            return () if state.paused else (WorkerPaused(by=by, reason=reason),)
        case ResumeWorker():
            return (WorkerResumed(),) if state.paused else ()
        case RequireWorker(worker=worker):
            if (why := _unavailable(state)) is not None:
                raise WorkerUnavailableRefusal(worker, why)
            return ()
        case ContradictLedger(worker=worker, head_position=position, head_digest=digest):
            contradicted = WorkerLedgerContradicted(
                worker=worker,
                head_position=position,
                head_digest=digest,
                ledger_position=command.ledger_position,
            )
            return () if state.contradicted == (position, digest) else (contradicted,)
        case _:
            assert_never(command)


def _credential(state: WorkerState, command: CredentialCommands) -> tuple[Fact, ...]:
    held = state.credentials
    match command:
        case EnrollWorker(worker=worker, credential_digest=digest):
            issued = WorkerEnrolled(
                worker=worker,
                credential_digest=digest,
                serial=command.serial,
                public_key=command.public_key,
                expires_at=command.expires_at,
            )
            if held.is_current(digest):
                return ()
            if held.current is not None and not command.replaces:
                raise TokenRefusal(
                    f"was made for any worker, and {worker!r} is enrolled already: make one for it"
                    f" (`buildledger token --worker {worker}`), or revoke what it has"
                )
            return (issued,)
        case RotateCredential(credential_digest=digest):
            return () if held.is_current(digest) else _rotate(state, command)
        case ExpireCredential(worker=worker, credential_digest=digest, at=at):
            over = held.current is not None and held.current.digest == digest and not held.current.stands(at)
            return (WorkerCredentialExpired(worker=worker, credential_digest=digest),) if over else ()
        case RevokeWorker(reason=reason):
            return () if held.current is None else (WorkerRevoked(reason=reason),)
        case _:
            assert_never(command)


def _rotate(state: WorkerState, command: RotateCredential) -> tuple[Fact, ...]:
    shown = state.credentials.shown(command.worker, command.shown_digest, command.at)
    return (
        WorkerCredentialRotated(
            worker=command.worker,
            credential_digest=command.credential_digest,
            serial=command.serial,
            public_key=command.public_key,
            expires_at=command.expires_at,
            previous_digest=shown.digest,
            previous_expires_at=credential.overlap_end(shown, command.at, command.overlap),
        ),
    )


def _unavailable(state: WorkerState) -> str | None:
    """Why it may be given nothing; the scheduler knows the same, but perhaps not yet."""
    if state.revoked:
        return "is revoked"
    if not state.connected:
        return "isn't connected"
    return "is paused" if state.paused else None


def _current(state: WorkerState, epoch: int) -> bool:
    return state.connected and epoch == state.epoch


def _connect(state: WorkerState, command: ConnectWorker) -> tuple[Fact, ...]:
    if command.credential_digest is not None:
        state.credentials.shown(command.worker, command.credential_digest, command.at)
    if state.connected and command.instance_id != state.instance_id:
        raise DuplicateWorkerRefusal(command.worker)
    if command.last_epoch > state.epoch and not (command.restored or state.enrolled_anew):
        raise LedgerBehindRefusal(command.worker, command.last_epoch, state.epoch)
    ended = (WorkerDisconnected(epoch=state.epoch, reason=DisconnectReason.SUPERSEDED),) if state.connected else ()
    epoch = max(state.epoch, command.last_epoch) + 1
    returned = (WorkerReturned(worker=command.worker, epoch=epoch),) if state.missing else ()
    return (
        *ended,
        WorkerConnected(
            worker=command.worker,
            epoch=epoch,
            server_id=command.server_id,
            boot_id=command.boot_id,
            instance_id=command.instance_id,
            version=command.version,
            os=command.os,
            arch=command.arch,
            labels=command.labels,
            capacity=command.capacity,
            features=command.features,
            address=command.address,
        ),
        *returned,
    )


def evolve(state: WorkerState, fact: Fact) -> WorkerState:
    """Follow the worker's comings and goings."""
    replace = msgspec.structs.replace
    match fact:
        case WorkerEnrolled() | WorkerCredentialRotated() | WorkerRevoked() | WorkerCredentialExpired():
            credentials = credential.evolve(state.credentials, fact)
            revoked = isinstance(fact, WorkerRevoked) or (state.revoked and not isinstance(fact, WorkerEnrolled))
            anew = isinstance(fact, WorkerEnrolled) or state.enrolled_anew
            return replace(state, credentials=credentials, revoked=revoked, enrolled_anew=anew)
        case WorkerConnected(epoch=epoch, instance_id=instance_id, server_id=server_id):
            return replace(
                state,
                epoch=epoch,
                enrolled_anew=False,
                connected=True,
                instance_id=instance_id,
                server_id=server_id,
                lost=False,
            )
        case WorkerDisconnected():
            return replace(state, connected=False)
        case WorkerLost():
            return replace(state, lost=True)
        case WorkerMissing() | WorkerReturned():
            return replace(state, missing=isinstance(fact, WorkerMissing))
        case WorkerPaused():
            return replace(state, paused=True)
        case WorkerResumed():
            return replace(state, paused=False)
        case WorkerLedgerContradicted(head_position=position, head_digest=digest):
            return replace(state, contradicted=(position, digest))
        case _:
            return state


AGGREGATE = Aggregate(name="worker", commands=COMMANDS, initial=WorkerState(), decide=decide, evolve=evolve)
