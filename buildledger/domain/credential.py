"""A worker's credentials: the one in force, and for a while the one that it was exchanged for."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from buildledger.domain.refusals import WorkerNotEnrolledRefusal
from buildledger.events.fact import Fact
from buildledger.events.worker import (
    WorkerCredentialExpired,
    WorkerCredentialRotated,
    WorkerEnrolled,
    WorkerRevoked,
)


class HeldCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that was issued and not revoked."""

    digest: str
    expires_at: datetime | None = None
    """None: it stands until it is revoked."""

    def stands(self, at: datetime | None) -> bool:
        """Whether it lets its worker in at that time; without a time, whether it always does."""
        return self.expires_at is None or (at is not None and at < self.expires_at)


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """All that a worker may show."""

    current: HeldCredential | None = None
    """None: never enrolled, or revoked, or expired."""
    previous: HeldCredential | None = None
    """What `current` was exchanged for."""

    def is_current(self, digest: str) -> bool:
        """Whether this is the one in force."""
        return self.current is not None and self.current.digest == digest

    def shown(self, worker: str, digest: str, at: datetime | None) -> HeldCredential:
        """The credential that a worker shows, if it is its own and in force.

        Raises:
            WorkerNotEnrolledRefusal
        """
        if self.current is None:
            raise WorkerNotEnrolledRefusal(
                worker, "is not enrolled, or its credential was revoked or has expired: enroll it with a new token"
            )
        for held in (self.current, self.previous):
            if held is not None and held.digest == digest:
                if held.stands(at):
                    return held
                replaced = "was replaced by a later one" if held is self.previous else "has expired"
                raise WorkerNotEnrolledRefusal(worker, f"showed a credential that {replaced}")
        raise WorkerNotEnrolledRefusal(worker, "showed a credential that is not its own")


def overlap_end(shown: HeldCredential, at: datetime, overlap: timedelta) -> datetime:
    """Until when a credential that is exchanged is taken beside the next one.

    An exchange may be repeated, because its answer was lost; that doesn't make the overlap longer.
    """
    return at + overlap if shown.expires_at is None else min(at + overlap, shown.expires_at)


def evolve(credentials: Credentials, fact: Fact) -> Credentials:
    """Follow what was issued and what became void."""
    match fact:
        case WorkerEnrolled(credential_digest=digest, expires_at=at):
            return Credentials(current=HeldCredential(digest=digest, expires_at=at))
        case WorkerCredentialRotated(credential_digest=digest, expires_at=at):
            return Credentials(
                current=HeldCredential(digest=digest, expires_at=at),
                previous=HeldCredential(digest=fact.previous_digest, expires_at=fact.previous_expires_at),
            )
        case WorkerRevoked() | WorkerCredentialExpired():
            return Credentials()
        case _:
            return credentials
