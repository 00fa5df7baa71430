"""The credentials in force, found by what a caller shows: a digest or a certificate's serial. Part of `OpenWork`."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from buildledger.events.fact import Fact
from buildledger.events.ids import WorkerId
from buildledger.events.worker import (
    WorkerCredentialExpired,
    WorkerCredentialRotated,
    WorkerEnrolled,
    WorkerRevoked,
)


class KnownCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's credential, as the ledger knows it."""

    worker: str
    digest: str
    serial: str
    public_key: str
    expires_at: datetime | None

    def is_valid_at(self, now: datetime) -> bool:
        """Whether it hasn't expired at that time."""
        return self.expires_at is None or now < self.expires_at


class KnownCredentials:
    """All credentials that were issued and neither revoked nor replaced. Fed facts in the order of positions."""

    def __init__(self, held: dict[WorkerId, list[KnownCredential]]) -> None:
        """`held` is updated in place; of each worker the credential in force comes first, then the one before it."""
        self._held = held
        self._by_digest: dict[str, KnownCredential] = {}
        self._by_serial: dict[str, KnownCredential] = {}
        for credentials in held.values():
            self._index(credentials)

    def by_digest(self, digest: str) -> KnownCredential | None:
        """The credential with this digest, expired or not."""
        return self._by_digest.get(digest)

    def by_serial(self, serial: str) -> KnownCredential | None:
        """The credential whose certificate has this serial number, in hex."""
        return self._by_serial.get(serial)

    def ending(self) -> Iterator[tuple[datetime, KnownCredential]]:
        """Each credential in force that expires, with the time when it does."""
        for current, *_ in self._held.values():
            if current.expires_at is not None:
                yield current.expires_at, current

    def apply(self, worker: WorkerId, fact: Fact) -> None:
        """Fold one fact of a worker's stream."""
        match fact:
            case WorkerEnrolled():
                self._replace(worker, [_issued(fact)])
            case WorkerCredentialRotated(previous_digest=digest, previous_expires_at=until):
                before = self._by_digest.get(digest)
                kept = [] if before is None else [msgspec.structs.replace(before, expires_at=until)]
                self._replace(worker, [_issued(fact), *kept])
            case WorkerRevoked() | WorkerCredentialExpired():
                self._replace(worker, [])
            case _:
                return

    def _replace(self, worker: WorkerId, credentials: list[KnownCredential]) -> None:
        for old in self._held.pop(worker, ()):
            del self._by_digest[old.digest]
            self._by_serial.pop(old.serial, None)
        if credentials:
            self._held[worker] = credentials
            self._index(credentials)

    def _index(self, credentials: list[KnownCredential]) -> None:
        for credential in credentials:
            self._by_digest[credential.digest] = credential
            if credential.serial:
                self._by_serial[credential.serial] = credential


def _issued(fact: WorkerEnrolled | WorkerCredentialRotated) -> KnownCredential:
    return KnownCredential(
        worker=fact.worker,
        digest=fact.credential_digest,
        serial=fact.serial,
        public_key=fact.public_key,
        expires_at=fact.expires_at,
    )
