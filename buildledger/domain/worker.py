"""Workers: what one is, and what can be commanded of it; `worker_rules` decides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

import msgspec

from buildledger.domain.command import Command
from buildledger.domain.credential import Credentials
from buildledger.events.ids import ServerId, worker_id
from buildledger.events.worker import PausedBy


class WorkerState(msgspec.Struct, frozen=True, kw_only=True):
    """A worker as its facts left it."""

    credentials: Credentials = Credentials()
    epoch: int = 0
    enrolled_anew: bool = False
    """It has enrolled and hasn't connected since."""
    connected: bool = False
    instance_id: str = ""
    server_id: ServerId | None = None
    lost: bool = False
    missing: bool = False
    paused: bool = False
    revoked: bool = False
    """Its credentials were voided, and it hasn't enrolled since."""
    contradicted: tuple[int, str] | None = None
    """Position and digest of the last head that it came with and that the ledger doesn't hold."""


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
    replaces: bool = True
    """It may take the place of a credential in force: the token that it was got for was made for this worker."""


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
    """Let it in; the session's number is the worker's last one and one more.

    A worker that remembers a later one than its facts say is let in only if somebody has said that the ledger was put
    back, or has given it a new enrollment token.
    """

    last_epoch: int = 0
    """The number of the last session that it remembers."""
    restored: bool = False
    """Somebody has said that this ledger was restored from a backup."""
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


class ExpireLease(WorkerCommand, frozen=True, kw_only=True):
    """Declare its lease run out; a worker that came back meanwhile decides nothing."""

    epoch: int


class ReportWorkerMissing(WorkerCommand, frozen=True, kw_only=True):
    """Note that it has been away for too long; one that is there, or was missed before, decides nothing."""

    epoch: int
    since: datetime


class PauseWorker(WorkerCommand, frozen=True, kw_only=True):
    """Assign nothing more to it; one that is paused already decides nothing, whoever wants it."""

    by: PausedBy = PausedBy.PERSON
    reason: str = ""


class ResumeWorker(WorkerCommand, frozen=True, kw_only=True):
    """Assign to it again."""


class RequireWorker(WorkerCommand, frozen=True, kw_only=True):
    """Be refused unless it may be given a build; goes with `AssignBuild` in one transaction, and decides nothing."""

    IS_CONDITION: ClassVar[bool] = True


class ContradictLedger(WorkerCommand, frozen=True, kw_only=True):
    """Note that it holds a head that the ledger doesn't; the same one again decides nothing."""

    head_position: int
    head_digest: str
    ledger_position: int


class RevokeWorker(WorkerCommand, frozen=True, kw_only=True):
    """Void its credentials."""

    reason: str = ""


CredentialCommands = EnrollWorker | RotateCredential | ExpireCredential | RevokeWorker
PresenceCommands = (
    ConnectWorker | DisconnectWorker | ExpireLease | ReportWorkerMissing | PauseWorker | ResumeWorker | RequireWorker
)
WorkerCommands = CredentialCommands | PresenceCommands | ContradictLedger
COMMANDS = (
    EnrollWorker,
    RotateCredential,
    ExpireCredential,
    RevokeWorker,
    ConnectWorker,
    DisconnectWorker,
    ExpireLease,
    ReportWorkerMissing,
    PauseWorker,
    ResumeWorker,
    RequireWorker,
    ContradictLedger,
)
