"""Authenticates workers: from the certificate or bearer credential of a call to the worker that it was issued to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from buildledger.clock import Clock
from buildledger.events.ids import worker_id
from buildledger.ledger.ledger import Ledger
from buildledger.slave_grpc.identity.caller import Caller
from buildledger.slave_grpc.identity.credentials import bearer_of, digest_of
from buildledger.slave_grpc.identity.proofs import ProofChecker, ProofError
from buildledger.slave_grpc.state.follower import OpenWorkFollower
from buildledger.slave_grpc.state.known_credentials import KnownCredential

_CERTIFICATE = "x509_pem_cert"


class UnauthenticatedError(Exception):
    """The call shows no credential in force; the text is for the worker's log."""


@dataclass(frozen=True, kw_only=True)
class ClientCertificate:
    """A certificate of ours, whose key the caller holds: TLS has checked that."""

    serial: str
    subject: str
    """The id of the worker that it was issued to."""


class Authenticator:
    """Finds the credential that a call shows. Catches up with the ledger before it says that there is none."""

    def __init__(self, ledger: Ledger, follower: OpenWorkFollower, clock: Clock, proofs: ProofChecker) -> None:
        self._ledger = ledger
        self._follower = follower
        self._clock = clock
        self._proof_checker = proofs

    async def authenticate(self, context: Any) -> Caller:
        """The worker that makes a call, with the credential in force that it shows.

        The bearer credential decides, if there is one. Unless TLS has checked the key that it is bound to, it needs a
        proof of possession; a connection that was opened with an earlier certificate of the same worker is accepted.

        Raises:
            UnauthenticatedError: There is no credential, it isn't in force, or the proof is missing or wrong.
            StoreError: It can't be known at the moment.
        """
        metadata = tuple(context.invocation_metadata() or ())
        certificate, bearer = certificate_of_caller(context.auth_context()), bearer_of(metadata)
        if bearer is None:
            if certificate is None:
                raise UnauthenticatedError("no credential: enroll this worker with a token from `buildledger token`")
            return _caller(await self._in_force(serial=certificate.serial))
        shown = await self._in_force(digest=digest_of(bearer))
        if certificate is not None and certificate.subject != str(worker_id(shown.worker)):
            raise UnauthenticatedError("the certificate and the bearer credential belong to different workers")
        if shown.public_key and (certificate is None or certificate.serial != shown.serial):
            try:
                await self._proof_checker.check(shown.public_key, bearer, metadata)
            except ProofError as error:
                raise UnauthenticatedError(str(error)) from None
        return _caller(shown)

    async def _in_force(self, *, digest: str | None = None, serial: str = "") -> KnownCredential:
        found = self._find(digest, serial)
        if found is None:
            # Perhaps it was issued a moment ago, by this or another server.
            await self._follower.reached(self._ledger.head())
            found = self._find(digest, serial)
        if found is None:
            raise UnauthenticatedError(
                "the credential isn't in force: it was revoked, replaced or has expired, or is another server's;"
                " remove credential.json from the worker's state directory and start it with a new token from"
                " `buildledger token`"
            )
        if not found.is_valid_at(self._clock.now()):
            raise UnauthenticatedError(
                "the credential has expired or was replaced by a later one; if the worker doesn't hold that,"
                " enroll it with a new token from `buildledger token`"
            )
        return found

    def _find(self, digest: str | None, serial: str) -> KnownCredential | None:
        known = self._follower.work.credentials
        return known.by_digest(digest) if digest is not None else known.by_serial(serial)


def _caller(credential: KnownCredential) -> Caller:
    return Caller(worker=credential.worker, credential=credential)


def certificate_of_caller(auth_context: Mapping[str, Iterable[bytes]]) -> ClientCertificate | None:
    """The client certificate of a connection; None if it has none."""
    for pem in auth_context.get(_CERTIFICATE, ()):
        certificate = x509.load_pem_x509_certificate(pem)
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return ClientCertificate(serial=f"{certificate.serial_number:x}", subject=str(names[0].value) if names else "")
    return None
