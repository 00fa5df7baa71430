"""Turns a one-use token into a credential, and renews credentials."""

import base64
import binascii
import logging

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.worker import host_info
from buildledger.worker.settings import WorkerSettings
from buildledger.worker.transport.credential import StoredCredential, store
from buildledger.worker.transport.transport import call_metadata, open_channel

_CALL_SECONDS = 30.0

# Trying again with the same token can't succeed after one of these.
_FINAL = {
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.UNIMPLEMENTED,
}

_log = logging.getLogger(__name__)


class EnrollmentRefusedError(Exception):
    """The server doesn't take the token or the name; a person must act."""

    def __init__(self, name: str, detail: str) -> None:
        self.name = name
        self.detail = detail
        super().__init__(f"the server refused to enrol {name}: {detail}")


async def enroll(settings: WorkerSettings, token: str) -> StoredCredential:
    """Use up `token` and store the credential it gives.

    Raises:
        EnrollmentRefusedError: the token or the name isn't taken.
        grpc.RpcError: the server can't be reached; trying again may help.
    """
    key, request = _new_key(settings.name)
    async with open_channel(settings, settings.enroll_at or settings.server, None, trusted_by(settings)) as channel:
        try:
            answer = await worker_pb2_grpc.EnrollmentStub(channel).Enroll(
                pb.EnrollRequest(
                    token=token.partition(".")[0],
                    name=settings.name,
                    csr_der=request,
                    os=host_info.operating_system(),
                    arch=host_info.architecture(),
                    software=host_info.SOFTWARE,
                ),
                timeout=_CALL_SECONDS,
            )
        except grpc.RpcError as error:
            if error.code() in _FINAL:
                raise EnrollmentRefusedError(settings.name, error.details() or error.code().name) from error
            raise
    credential = _stored(answer.credential, key)
    store(settings.state_dir, credential)
    _log.info("enrolled as %s", settings.name)
    return credential


async def rotate(settings: WorkerSettings, credential: StoredCredential) -> StoredCredential:
    """Replace `credential` by its successor and store that.

    Raises:
        grpc.RpcError: refused or unreachable; the old credential stands.
    """
    key, request = _new_key(settings.name)
    async with open_channel(settings, settings.server, credential) as channel:
        answer = await worker_pb2_grpc.EnrollmentStub(channel).Rotate(
            pb.RotateRequest(csr_der=request), metadata=call_metadata(credential), timeout=_CALL_SECONDS
        )
    renewed = _stored(answer.credential, key)
    store(settings.state_dir, renewed)
    return renewed


def trusted_by(settings: WorkerSettings) -> bytes:
    """The issuer that the enrollment token says is to be trusted, PEM; empty if it says nothing.

    Raises:
        EnrollmentRefusedError: the token was damaged on its way.
    """
    _, _, issuer = (settings.enrollment_token or "").partition(".")
    if not issuer:
        return b""
    try:
        der = base64.urlsafe_b64decode(issuer + "=" * (-len(issuer) % 4))
        return x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)
    except (ValueError, binascii.Error):
        raise EnrollmentRefusedError(settings.name, "the token isn't whole: copy all of it") from None


def _new_key(name: str) -> tuple[bytes, bytes]:
    """A fresh private key in PEM and a certificate request for it in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem, request.public_bytes(serialization.Encoding.DER)


def _stored(credential: pb.Credential, key: bytes) -> StoredCredential:
    return StoredCredential(
        worker_id=credential.worker_id,
        bearer=credential.bearer,
        private_key_pem=key,
        certificate_chain_pem=credential.certificate_chain_pem,
        trusted_ca_pem=credential.trusted_ca_pem,
        not_after=credential.not_after.ToSeconds() if credential.HasField("not_after") else None,
        renew_at=credential.renew_at.ToSeconds() if credential.HasField("renew_at") else None,
    )
