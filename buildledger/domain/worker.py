"""Workers: let in by a credential, connected in numbered sessions, and lost when their lease runs out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

import msgspec

from buildledger.domain import credential
from buildledger.domain.command import Aggregate, Command
from buildledger.domain.credential import Credentials
from buildledger.domain.refusals import DuplicateWorkerRefusal, StaleEpochRefusal
from buildledger.events.fact import Fact
from buildledger.events.ids import ServerId, worker_id
from buildledger.events.worker import (
    WorkerConnected,
    WorkerCredentialExpired,
    WorkerCredentialRotated,
    WorkerDisconnected,
    WorkerEnrolled,
    WorkerLost,
    WorkerMissing,
    WorkerPaused,
    WorkerResumed,
    WorkerReturned,
    WorkerRevoked,
)

DRAIN_REASON = "the worker asked to drain"
"""Begins the reason of a pause that its worker asked for, and that ends when it comes back."""


class WorkerState(msgspec.Struct, frozen=True, kw_only=True):
    """A worker as its facts left it."""

    credentials: Credentials = Credentials()
    epoch: int = 0
    connected: bool = False
    instance_id: str = ""
    server_id: ServerId | None = None
    lost: bool = False
    missing: bool = False
    paused: bool = False


class WorkerCommand(Command, frozen=True, kw_only=True):
    """A command about one worker."""

    worker: str

    @property
    def stream_id(self) -> UUID:
        """The worker's stream."""
        return worker_id(self.worker)


class EnrollWorker(WorkerCommand, frozen=True, kw_only=True):
    """Give it a credential; earlier ones are void. See `WorkerEnrolled` for what a credential is known by."""

    credential_digest: str
    serial: str = ""
    public_key: str = ""
    expires_at: datetime | None = None


class RotateCredential(WorkerCommand, frozen=True, kw_only=True):
    """Exchange the credential it shows for the next one."""

    shown_digest: str
    at: datetime
    overlap: timedelta
    """For so long the one it shows is taken beside the next one."""
    credential_digest: str
    serial: str = ""
    public_key: str = ""
    expires_at: datetime | None = None


class ExpireCredential(WorkerCommand, frozen=True, kw_only=True):
    """Note that its credential has reached its end; one that was exchanged or has time left decides nothing."""

    credential_digest: str
    at: datetime


class ConnectWorker(WorkerCommand, frozen=True, kw_only=True):
    """Let it in; the session's number is the worker's last one and one more."""

    credential_digest: str | None
    """Of what it showed; None where the transport itself vouches for it."""
    at: datetime | None = None
    """When it showed that; None will do for a credential that never expires."""
    server_id: ServerId
    boot_id: str
    instance_id: str
    version: str
    os: str
    arch: str
    labels: dict[str, str]
    capacity: int
    features: tuple[str, ...]
    address: str


class DisconnectWorker(WorkerCommand, frozen=True, kw_only=True):
    """End a session; one that is over already decides nothing."""

    epoch: int
    reason: str


class LoseWorker(WorkerCommand, frozen=True, kw_only=True):
    """Declare its lease run out; a worker that came back meanwhile decides nothing."""

    epoch: int


class MissWorker(WorkerCommand, frozen=True, kw_only=True):
    """Note that it has been away for too long; one that is there, or was missed before, decides nothing."""

    epoch: int
    since: datetime


class PauseWorker(WorkerCommand, frozen=True, kw_only=True):
    """Assign nothing more to it."""

    reason: str = ""


class ResumeWorker(WorkerCommand, frozen=True, kw_only=True):
    """Assign to it again."""


class RevokeWorker(WorkerCommand, frozen=True, kw_only=True):
    """Void its credentials."""

    reason: str = ""


CredentialCommands = EnrollWorker | RotateCredential | ExpireCredential | RevokeWorker
PresenceCommands = ConnectWorker | DisconnectWorker | LoseWorker | MissWorker | PauseWorker | ResumeWorker
WorkerCommands = CredentialCommands | PresenceCommands
COMMANDS = (
    EnrollWorker,
    RotateCredential,
    ExpireCredential,
    RevokeWorker,
    ConnectWorker,
    DisconnectWorker,
    LoseWorker,
    MissWorker,
    PauseWorker,
    ResumeWorker,
)


def decide(state: WorkerState, command: WorkerCommands) -> tuple[Fact, ...]:
    """Apply the rules of the door.

    Raises: WorkerNotEnrolledRefusal, DuplicateWorkerRefusal, StaleEpochRefusal.
    """
    match command:
        case EnrollWorker() | RotateCredential() | ExpireCredential() | RevokeWorker():
            return _credential(state, command)
        case ConnectWorker():
            return _connect(state, command)
        case DisconnectWorker(epoch=epoch, reason=reason):
            return (WorkerDisconnected(epoch=epoch, reason=reason),) if _current(state, epoch) else ()
        case LoseWorker(epoch=epoch):
            gone = epoch == state.epoch and not state.connected and not state.lost
            return (WorkerLost(epoch=epoch),) if gone else ()
        case MissWorker(worker=worker, epoch=epoch, since=since):
            away = epoch == state.epoch and not state.connected and not state.missing
            return (WorkerMissing(worker=worker, epoch=epoch, since=since),) if away else ()
        case PauseWorker(reason=reason):
            return () if state.paused else (WorkerPaused(reason=reason),)
        case ResumeWorker():
            return (WorkerResumed(),) if state.paused else ()
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
            return () if held.is_current(digest) else (issued,)
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


def _current(state: WorkerState, epoch: int) -> bool:
    return state.connected and epoch == state.epoch


def _connect(state: WorkerState, command: ConnectWorker) -> tuple[Fact, ...]:
    if command.credential_digest is not None:
        state.credentials.shown(command.worker, command.credential_digest, command.at)
    if state.connected and command.instance_id != state.instance_id:
        raise DuplicateWorkerRefusal(command.worker)
    ended = (WorkerDisconnected(epoch=state.epoch, reason="superseded"),) if state.connected else ()
    epoch = state.epoch + 1
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


def require_epoch(state: WorkerState, worker: str, epoch: int) -> None:
    """Nothing but the current session may speak for a worker.

    Raises: StaleEpochRefusal.
    """
    if not _current(state, epoch):
        raise StaleEpochRefusal(worker, epoch, state.epoch)


def evolve(state: WorkerState, fact: Fact) -> WorkerState:
    """Follow the worker's comings and goings."""
    replace = msgspec.structs.replace
    match fact:
        case WorkerEnrolled() | WorkerCredentialRotated() | WorkerRevoked() | WorkerCredentialExpired():
            return replace(state, credentials=credential.evolve(state.credentials, fact))
        case WorkerConnected(epoch=epoch, instance_id=instance_id, server_id=server_id):
            return replace(state, epoch=epoch, connected=True, instance_id=instance_id, server_id=server_id, lost=False)
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
        case _:
            return state


AGGREGATE = Aggregate(name="worker", commands=COMMANDS, initial=WorkerState(), decide=decide, evolve=evolve)
