"""Workers: let in by a credential, connected in numbered sessions, and lost when their lease runs out."""

from __future__ import annotations

from typing import assert_never
from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.domain.refusals import DuplicateWorkerRefusal, StaleEpochRefusal, WorkerNotEnrolledRefusal
from buildledger.events.fact import Fact
from buildledger.events.ids import ServerId, worker_id
from buildledger.events.worker import (
    WorkerConnected,
    WorkerDisconnected,
    WorkerEnrolled,
    WorkerLost,
    WorkerPaused,
    WorkerResumed,
    WorkerRevoked,
)


class WorkerState(msgspec.Struct, frozen=True, kw_only=True):
    """A worker as its facts left it."""

    credential_digest: str | None = None
    """None: never enrolled, or revoked."""
    epoch: int = 0
    connected: bool = False
    instance_id: str = ""
    server_id: ServerId | None = None
    lost: bool = False
    paused: bool = False


class WorkerCommand(Command, frozen=True, kw_only=True):
    """A command about one worker."""

    worker: str

    @property
    def stream_id(self) -> UUID:
        """The worker's stream."""
        return worker_id(self.worker)


class EnrollWorker(WorkerCommand, frozen=True, kw_only=True):
    """Give it a credential; earlier ones are void."""

    credential_digest: str


class ConnectWorker(WorkerCommand, frozen=True, kw_only=True):
    """Let it in; the session's number is the worker's last one and one more."""

    credential_digest: str | None
    """Of what it showed; None where the transport itself vouches for it."""
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


class PauseWorker(WorkerCommand, frozen=True, kw_only=True):
    """Assign nothing more to it."""

    reason: str = ""


class ResumeWorker(WorkerCommand, frozen=True, kw_only=True):
    """Assign to it again."""


class RevokeWorker(WorkerCommand, frozen=True, kw_only=True):
    """Void its credential."""

    reason: str = ""


COMMANDS = (EnrollWorker, ConnectWorker, DisconnectWorker, LoseWorker, PauseWorker, ResumeWorker, RevokeWorker)
WorkerCommands = (
    EnrollWorker | ConnectWorker | DisconnectWorker | LoseWorker | PauseWorker | ResumeWorker | RevokeWorker
)


def decide(state: WorkerState, command: WorkerCommands) -> tuple[Fact, ...]:
    """Apply the rules of the door.

    Raises: WorkerNotEnrolledRefusal, DuplicateWorkerRefusal, StaleEpochRefusal.
    """
    match command:
        case EnrollWorker(worker=worker, credential_digest=digest):
            same = state.credential_digest == digest
            return () if same else (WorkerEnrolled(worker=worker, credential_digest=digest),)
        case ConnectWorker():
            return _connect(state, command)
        case DisconnectWorker(epoch=epoch, reason=reason):
            return (WorkerDisconnected(epoch=epoch, reason=reason),) if _current(state, epoch) else ()
        case LoseWorker(epoch=epoch):
            gone = epoch == state.epoch and not state.connected and not state.lost
            return (WorkerLost(epoch=epoch),) if gone else ()
        case PauseWorker(reason=reason):
            return () if state.paused else (WorkerPaused(reason=reason),)
        case ResumeWorker():
            return (WorkerResumed(),) if state.paused else ()
        case RevokeWorker(reason=reason):
            return () if state.credential_digest is None else (WorkerRevoked(reason=reason),)
        case _:
            assert_never(command)


def _current(state: WorkerState, epoch: int) -> bool:
    return state.connected and epoch == state.epoch


def _connect(state: WorkerState, command: ConnectWorker) -> tuple[Fact, ...]:
    if command.credential_digest is not None and command.credential_digest != state.credential_digest:
        never = state.credential_digest is None
        raise WorkerNotEnrolledRefusal(
            command.worker, "is not enrolled, or was revoked" if never else "showed a credential that is not its own"
        )
    if state.connected and command.instance_id != state.instance_id:
        raise DuplicateWorkerRefusal(command.worker)
    ended = (WorkerDisconnected(epoch=state.epoch, reason="superseded"),) if state.connected else ()
    return (
        *ended,
        WorkerConnected(
            worker=command.worker,
            epoch=state.epoch + 1,
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
        case WorkerEnrolled(credential_digest=digest):
            return replace(state, credential_digest=digest)
        case WorkerConnected(epoch=epoch, instance_id=instance_id, server_id=server_id):
            return replace(state, epoch=epoch, connected=True, instance_id=instance_id, server_id=server_id, lost=False)
        case WorkerDisconnected():
            return replace(state, connected=False)
        case WorkerLost():
            return replace(state, lost=True)
        case WorkerPaused():
            return replace(state, paused=True)
        case WorkerResumed():
            return replace(state, paused=False)
        case WorkerRevoked():
            return replace(state, credential_digest=None)
        case _:
            return state


AGGREGATE = Aggregate(name="worker", commands=COMMANDS, initial=WorkerState(), decide=decide, evolve=evolve)
