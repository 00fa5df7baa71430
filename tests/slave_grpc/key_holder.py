"""The far end of enrollment: somebody with a key, who asks for credentials and shows them as a test wants."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc.aio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc

Metadata = list[tuple[str, str]]


class KeyHolder:
    """A key, and the credential that was issued for it."""

    def __init__(self, name: str = "bob") -> None:
        self.name = name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential = pb.Credential()

    @property
    def request_der(self) -> bytes:
        """A request for a certificate, under a subject that nobody should believe."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody else")])
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    @property
    def key_pem(self) -> bytes:
        """The private key."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    async def enroll(self, channel: grpc.aio.Channel, token: str) -> pb.Credential:
        """Use up a token."""
        request = pb.EnrollRequest(token=token, name=self.name, csr_der=self.request_der)
        self.credential = (await worker_pb2_grpc.EnrollmentStub(channel).Enroll(request)).credential
        return self.credential

    async def rotate(self, channel: grpc.aio.Channel, metadata: Metadata | None = None) -> KeyHolder:
        """Exchange the credential for one with a fresh key; who holds that is answered."""
        successor = KeyHolder(self.name)
        stub: Any = worker_pb2_grpc.EnrollmentStub(channel)
        answer = await stub.Rotate(
            pb.RotateRequest(csr_der=successor.request_der), metadata=metadata or self.metadata()
        )
        successor.credential = answer.credential
        return successor

    def metadata(self, at: datetime | None = None, bearer: str = "", nonce: str = "") -> Metadata:
        """What proves who calls."""
        bearer = bearer or self.credential.bearer
        return [("authorization", f"Bearer {bearer}"), ("buildledger-proof", self.proof(bearer, at, nonce))]

    def proof(self, bearer: str, at: datetime | None = None, nonce: str = "") -> str:
        """As docs/protocol.md says, written from that page."""
        seconds = int((at or datetime.now(UTC)).timestamp())
        nonce = nonce or secrets.token_urlsafe(16)
        text = f"buildledger-proof-v1\n{bearer}\n{seconds}\n{nonce}"
        signature = self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))
        return f"{seconds}.{nonce}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def certificate_for(
    holder: KeyHolder, issuer_pem: bytes, issuer_key: ec.EllipticCurvePrivateKey, life: timedelta, common_name: str
) -> bytes:
    """A client certificate that ends `life` from now, which may be in the past."""
    until = datetime.now(UTC) + life
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(x509.load_pem_x509_certificate(issuer_pem).subject)
        .public_key(holder.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - timedelta(days=2))
        .not_valid_after(until)
        .sign(issuer_key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
