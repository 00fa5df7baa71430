"""Facts about workers and how they get in."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from buildledger.events.fact import Fact
from buildledger.events.ids import ServerId


class EnrollmentIssued(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A one-use enrollment token was made; on the token's own stream."""

    NAME: ClassVar[str] = "enrollment.issued.v1"

    token_digest: str
    worker: str | None = None
    """The only name it may be used for; None: any that is configured."""
    expires_at: datetime


class EnrollmentUsed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The token was used and can't be used again."""

    NAME: ClassVar[str] = "enrollment.used.v1"

    worker: str


class WorkerEnrolled(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A worker got a credential; earlier ones are void."""

    NAME: ClassVar[str] = "worker.enrolled.v1"

    worker: str
    credential_digest: str
    """SHA-256 of the credential in hex."""


class WorkerConnected(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A worker said hello and was let in."""

    NAME: ClassVar[str] = "worker.connected.v1"

    worker: str
    epoch: int
    """Grows with each session of this worker; an older session's words are ignored."""
    server_id: ServerId
    """The server process that holds the stream."""
    boot_id: str
    instance_id: str
    """The worker process; another one under the same name is a duplicate."""
    version: str
    os: str
    arch: str
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    capacity: int
    features: tuple[str, ...] = ()
    address: str = ""


class WorkerDisconnected(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A session ended; the worker may come back and its runs go on."""

    NAME: ClassVar[str] = "worker.disconnected.v1"

    epoch: int
    reason: str
    """`goodbye`, `silent`, `stream_ended`, `superseded`, `server_lost` or `drained`."""


class WorkerLost(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A disconnected worker's lease ran out: its builds are tried elsewhere."""

    NAME: ClassVar[str] = "worker.lost.v1"

    epoch: int


class WorkerPaused(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """No further build is assigned to it."""

    NAME: ClassVar[str] = "worker.paused.v1"

    reason: str = ""


class WorkerResumed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Builds are assigned to it again."""

    NAME: ClassVar[str] = "worker.resumed.v1"


class WorkerRevoked(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Its credential is void."""

    NAME: ClassVar[str] = "worker.revoked.v1"

    reason: str = ""
