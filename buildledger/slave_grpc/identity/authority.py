"""The certificate authority that signs workers' certificates, and the server's own where it certifies itself."""

import ipaddress
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from buildledger.settings import SettingsError, Tls
from buildledger.slave_grpc.identity.keys import WorkerKey

CERTIFICATE_FILE = "worker-ca.pem"
KEY_FILE = "worker-ca-key.pem"
LIFE = timedelta(days=3650)
BACKDATED = timedelta(minutes=5)
"""How long before its issue a certificate is valid already, for clocks that are behind."""
SERVER_LIFE = timedelta(days=90)

AuthorityKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_PRIVATE, _PUBLIC = 0o600, 0o644


@dataclass(frozen=True, kw_only=True)
class IssuedCertificate:
    """A certificate with its issuer's, PEM, leaf first."""

    chain_pem: bytes
    serial: str
    """In hex."""


class Authority:
    """A certificate authority with one key."""

    def __init__(self, certificate: x509.Certificate, key: AuthorityKey) -> None:
        self._certificate = certificate
        self._key = key

    @classmethod
    def at(cls, directory: Path, now: datetime) -> "Authority":
        """The authority whose files are in `directory`, made if there is none.

        Raises:
            SettingsError: Its files can't be read, or don't belong together.
        """
        files = Tls(certificate=directory / CERTIFICATE_FILE, key=directory / KEY_FILE)
        if not files.key.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            # The key comes last: where it stands, its certificate does too.
            _write(files.certificate, _self_signed(key, now), _PUBLIC)
            _write(files.key, private_pem(key), _PRIVATE)
        return cls.of(files)

    @classmethod
    def of(cls, files: Tls) -> "Authority":
        """The authority in these files.

        Raises:
            SettingsError: They can't be read, or don't belong together, or are no authority's.
        """
        try:
            certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
            key = serialization.load_pem_private_key(files.key.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise SettingsError(f"the authority for workers can't be read from {files.key}: {error}") from None
        if certificate.public_key() != key.public_key():
            raise SettingsError(f"{files.key} is not the key of {files.certificate}")
        if not isinstance(key, AuthorityKey) or not _may_certify(certificate):
            raise SettingsError(f"{files.certificate} is not the certificate of an authority with an EC or RSA key")
        return cls(certificate, key)

    @property
    def certificate_pem(self) -> bytes:
        """The authority's own certificate, PEM, which those who check its signatures have to trust."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def certificate_der(self) -> bytes:
        """The authority's own certificate, DER, as enrollment tokens carry it."""
        return self._certificate.public_bytes(serialization.Encoding.DER)

    def certify_worker(self, key: WorkerKey, worker_id: str, now: datetime, until: datetime) -> IssuedCertificate:
        """A client certificate whose subject is the worker's id, whatever the worker asked for."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, worker_id)])
        return self._certify(_leaf(name, key, ExtendedKeyUsageOID.CLIENT_AUTH), now, until)

    def certify_server(
        self, key: ec.EllipticCurvePublicKey, names: tuple[str, ...], now: datetime
    ) -> IssuedCertificate:
        """A server certificate for these host names and addresses, of which there is at least one."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Build Ledger")])
        alternatives = x509.SubjectAlternativeName([_general(each) for each in names])
        builder = _leaf(name, key, ExtendedKeyUsageOID.SERVER_AUTH).add_extension(alternatives, critical=False)
        return self._certify(builder, now, now + SERVER_LIFE)

    def _certify(self, builder: x509.CertificateBuilder, now: datetime, until: datetime) -> IssuedCertificate:
        certificate = (
            builder.issuer_name(self._certificate.subject)
            .not_valid_before(now - BACKDATED)
            .not_valid_after(min(until, self._certificate.not_valid_after_utc))
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        return IssuedCertificate(chain_pem=pem + self.certificate_pem, serial=f"{certificate.serial_number:x}")


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A private key as unencrypted PKCS#8 PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> bytes:
    """An authority's own certificate, small because enrollment tokens carry it."""
    # A name of its own: where two authorities share one, TLS says that a signature is bad instead of who is unknown.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Build Ledger {secrets.token_hex(4)}")])
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def _may_certify(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _leaf(name: x509.Name, key: WorkerKey, usage: x509.ObjectIdentifier) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder(subject_name=name, public_key=key)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file atomically and durably, with this mode from its first byte on."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as sink:
        sink.write(content)
        sink.flush()
        os.fsync(sink.fileno())
    beside.replace(path)
