"""How two servers of one database know each other: nothing but the database has to be shared."""

from __future__ import annotations

import hmac
import os
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

KEY_FILE, CERTIFICATE_FILE = "peer-key.pem", "peer-certificate.pem"
_PURPOSE = b"buildledger peer v1 "
_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "buildledger peer")])
_LIFE = timedelta(days=3_650)
"""Longer than a process runs, each of which makes its own."""
_SKEW = timedelta(days=1)
"""How far the clocks of two servers may be apart."""


def access_token(installation_key: bytes, store: str) -> str:
    """What opens the stores of one server: who reads the database can make it, and it opens no other server's."""
    return hmac.new(installation_key, _PURPOSE + store.encode(), sha256).hexdigest()


@dataclass(frozen=True, kw_only=True)
class PeerCertificate:
    """A certificate that the others trust because it stands in the database, and its key, in files."""

    certificate: Path
    key: Path
    pem: str
    """The certificate itself."""


def make_certificate(state: Path, now: datetime) -> PeerCertificate:
    """A new pair in the state directory, in the place of the last process's."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_NAME)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _LIFE)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made = PeerCertificate(certificate=state / CERTIFICATE_FILE, key=state / KEY_FILE, pem=pem.decode())
    for path, content in ((made.key, secret), (made.certificate, pem)):
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    return made


def trust_only(pem: str) -> ssl.SSLContext:
    """For connections to the one server that has the certificate, whatever its name and address are.

    Raises:
        ssl.SSLError: It isn't a certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.load_verify_locations(cadata=pem)
    return context
