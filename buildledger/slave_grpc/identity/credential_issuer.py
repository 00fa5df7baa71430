"""Issues workers' credentials: a bearer text bound to the worker's key, and a certificate for that key."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

from buildledger.clock import Clock
from buildledger.events.ids import worker_id
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.identity.authority import Authority
from buildledger.slave_grpc.identity.credentials import digest_of, new_credential
from buildledger.slave_grpc.identity.keys import as_text, requested_key
from buildledger.slave_grpc.settings import WorkerServiceSettings


@dataclass(frozen=True, kw_only=True)
class IssuedCredential:
    """A credential as its worker gets it, and what the ledger keeps of it."""

    credential: pb.Credential
    digest: str
    serial: str
    public_key: str
    expires_at: datetime


class CredentialIssuer:
    """Issues credentials; without an authority they have no certificate."""

    def __init__(self, authority: Authority | None, clock: Clock, settings: WorkerServiceSettings) -> None:
        self._authority = authority
        self._clock = clock
        self._settings = settings

    def issue(self, worker: str, request_der: bytes) -> IssuedCredential:
        """A new credential, bound to the key in `request_der` (PKCS#10) unless that is empty.

        Raises:
            BadRequestError: `request_der` is no request for a certificate that can be granted.
        """
        now = self._clock.now()
        life = timedelta(seconds=self._settings.credential_seconds)
        bearer = new_credential()
        credential = pb.Credential(worker_id=str(worker_id(worker)), bearer=bearer)
        credential.not_after.FromDatetime(now + life)
        credential.renew_at.FromDatetime(now + life / 2)
        serial = public_key = ""
        if request_der:
            key = requested_key(request_der)
            public_key = as_text(key)
            if self._authority is not None:
                certificate = self._authority.certify_worker(key, credential.worker_id, now, now + life)
                serial = certificate.serial
                credential.certificate_chain_pem = certificate.chain_pem
        if self._authority is not None and self._settings.own_certificate:
            credential.trusted_ca_pem = self._authority.certificate_pem
        return IssuedCredential(
            credential=credential,
            digest=digest_of(bearer),
            serial=serial,
            public_key=public_key,
            expires_at=now + life,
        )


def token_with_ca(token: str, authority_der: bytes) -> str:
    """An enrollment token with the CA certificate in it, so that a worker's very first connection is verified."""
    return f"{token}.{base64.urlsafe_b64encode(authority_der).decode().rstrip('=')}"


def token_without_ca(token: str) -> str:
    """The enrollment token itself, whether or not it has a CA certificate in it."""
    return token.partition(".")[0]
