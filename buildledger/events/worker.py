"""Facts about workers and how they get in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import msgspec

from buildledger.events.fact import Fact
from buildledger.events.ids import ServerId


class EnrollmentIssued(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A one-use enrollment token was made; on the token's own stream."""

    NAME: ClassVar[str] = "enrollment.issued.v1"

    token_digest: str
    """SHA-256 of the token in hex."""
    worker: str | None = None
    """The only name it may be used for; None: any that is configured."""
    expires_at: datetime
    """It can't be used from then on."""


class EnrollmentUsed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The token was used and can't be used again."""

    NAME: ClassVar[str] = "enrollment.used.v1"

    worker: str
    """Who used it."""


class WorkerEnrolled(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A worker got a credential; earlier ones are void."""

    NAME: ClassVar[str] = "worker.enrolled.v1"

    worker: str
    credential_digest: str
    """SHA-256 of the credential in hex."""
    serial: str = ""
    """Of the certificate that belongs to it, in hex; empty: there is none."""
    public_key: str = ""
    """The worker's key (SubjectPublicKeyInfo, base64), to which the credential is bound; empty: to none."""
    expires_at: datetime | None = None
    """It lets nobody in from then on; None: it stands until it is revoked."""


class WorkerCredentialRotated(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A worker exchanged its credential for the next one."""

    NAME: ClassVar[str] = "worker.credential_rotated.v1"

    worker: str
    credential_digest: str
    """As in `worker.enrolled.v1`, like the three that follow."""
    serial: str = ""
    public_key: str = ""
    expires_at: datetime | None = None
    previous_digest: str
    """Of the one that it was exchanged for."""
    previous_expires_at: datetime
    """Until then that one is still taken, in case the answer with the next one was lost."""


class WorkerCredentialExpired(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A worker's credential reached its end without having been exchanged: the worker has to enroll again."""

    NAME: ClassVar[str] = "worker.credential_expired.v1"

    worker: str
    credential_digest: str


class WorkerConnected(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A worker said hello and was let in."""

    NAME: ClassVar[str] = "worker.connected.v1"

    worker: str
    """By its configured name."""
    epoch: int
    """Grows with each session of this worker; an older session's words are ignored."""
    server_id: ServerId
    """The server process that holds the stream."""
    boot_id: str
    """Names the time since its machine was started."""
    instance_id: str
    """The worker process; another one under the same name is a duplicate."""
    version: str
    """Of the worker's program."""
    os: str
    """`linux`, `windows`, `darwin`, …"""
    arch: str
    """`x86_64`, `aarch64`, …"""
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    """What it says of itself, beside the configured ones."""
    capacity: int
    """Builds that it takes at the same time."""
    features: tuple[str, ...] = ()
    """What it can do beyond the smallest worker, in the words of docs/protocol.md."""
    address: str = ""
    """Where it connects from, for people."""


class DisconnectReason(StrEnum):
    """Why a session ended: all that this version says. `docs/errors.md` explains each."""

    GOODBYE = "goodbye"
    SILENT = "silent"
    STREAM_ENDED = "stream_ended"
    SUPERSEDED = "superseded"
    SERVER_LOST = "server_lost"
    DRAINED = "drained"
    REVOKED = "revoked"
    EXPIRED = "expired"


class WorkerDisconnected(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A session ended; the worker may come back and its runs go on."""

    NAME: ClassVar[str] = "worker.disconnected.v1"

    epoch: int
    """The session that ended."""
    reason: str
    """One of `DisconnectReason`; text, so that what another version has recorded can be read."""


class WorkerLost(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A disconnected worker's lease ran out: its builds are tried elsewhere."""

    NAME: ClassVar[str] = "worker.lost.v1"

    epoch: int
    """Its last session."""


class WorkerMissing(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A configured worker has been away for longer than it may."""

    NAME: ClassVar[str] = "worker.missing.v1"

    worker: str
    epoch: int
    """Its last session."""
    since: datetime
    """When that ended."""


class WorkerReturned(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A worker that was missing is connected again."""

    NAME: ClassVar[str] = "worker.returned.v1"

    worker: str
    epoch: int
    """The session with which it is back."""


class PausedBy(StrEnum):
    """Who wants no further builds for a worker."""

    PERSON = "person"
    """Somebody, through the API; it lasts until somebody resumes the worker."""
    WORKER = "worker"
    """The worker itself, because it is about to end; it is over when the worker comes back."""


class WorkerPausedV1(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """No further build is assigned to a worker, at a time when only the reason's beginning said who wanted that."""

    NAME: ClassVar[str] = "worker.paused.v1"

    reason: str = ""
    """Begins with `the worker asked to drain` if that is who wanted it."""

    def upcast(self) -> WorkerPaused:
        """Who it was becomes a field of its own."""
        drains = self.reason.startswith("the worker asked to drain")
        return WorkerPaused(by=PausedBy.WORKER if drains else PausedBy.PERSON, reason=self.reason)


class WorkerPaused(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """No further build is assigned to a worker."""

    NAME: ClassVar[str] = "worker.paused.v2"

    by: PausedBy
    reason: str = ""
    """Why, for people."""


class WorkerResumed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Builds are assigned to it again."""

    NAME: ClassVar[str] = "worker.resumed.v1"


class WorkerLedgerContradicted(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A worker came with a head that some server had given to it, and this ledger doesn't hold that.

    The ledger was restored from a backup, or facts are gone or were altered. Decides nothing; for people and audits.
    """

    NAME: ClassVar[str] = "worker.ledger_contradicted.v1"

    worker: str
    head_position: int
    """Of the last fact that the worker's head covers."""
    head_digest: str
    """Over all facts up to there, in hex, as the ledger had it that the worker was given it by."""
    ledger_position: int
    """Where this ledger ended when the worker came; less than `head_position` if facts are missing from its end."""


class WorkerRevoked(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """All its credentials are void."""

    NAME: ClassVar[str] = "worker.revoked.v1"

    reason: str = ""
    """Why, for people."""
