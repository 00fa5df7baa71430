"""The server's certificate while it runs: read again when its files change, or made again before it ends."""

import logging
import socket
from datetime import datetime
from typing import Protocol

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from buildledger.clock import Clock
from buildledger.settings import Address, AutoTls, SettingsError, Tls
from buildledger.slave_grpc.identity.authority import SERVER_LIFE, Authority, private_pem

_log = logging.getLogger(__name__)

_ANYWHERE: dict[str, tuple[str, ...]] = {"0.0.0.0": (), "::": ()}  # noqa: S104 - listening there isn't decided here

Pair = tuple[bytes, bytes]
"""A private key and the chain of its certificate, both PEM."""


class ServerCertificate(Protocol):
    """Where the certificate comes from."""

    def current(self) -> Pair:
        """The pair to use for the next connection; the same object for as long as nothing has changed.

        Called for each connection, on threads of gRPC's.
        """
        ...


class CertificateFiles:
    """A certificate and key that somebody else renews, such as an ACME client."""

    def __init__(self, files: Tls) -> None:
        """Raises: SettingsError if they can't be used."""
        self._files = files
        self._stamp = self._look()
        self._pair = self._read()

    def current(self) -> Pair:
        """See `ServerCertificate`. What was read before stays in use while the files don't fit each other."""
        try:
            stamp = self._look()
            if stamp != self._stamp:
                self._pair = self._read()
                self._stamp = stamp
                _log.info("serving workers with the renewed certificate in %s", self._files.certificate)
        except SettingsError as error:
            _log.warning("the certificate for workers stays as it was: %s", error)
        return self._pair

    def _look(self) -> tuple[int, int]:
        try:
            return tuple(path.stat().st_mtime_ns for path in (self._files.certificate, self._files.key))  # type: ignore[return-value]
        except OSError as error:
            raise SettingsError(f"workers can't be served: {error}") from None

    def _read(self) -> Pair:
        try:
            key, chain = self._files.key.read_bytes(), self._files.certificate.read_bytes()
            fits = (
                serialization.load_pem_private_key(key, None).public_key()
                == x509.load_pem_x509_certificate(chain).public_key()
            )
        except (OSError, ValueError, TypeError) as error:
            raise SettingsError(
                f"workers can't be served with {self._files.certificate} and {self._files.key}: {error}"
            ) from None
        if not fits:
            raise SettingsError(f"{self._files.key} is not the key of {self._files.certificate}")
        return key, chain


class OwnCertificate:
    """A certificate that the server has from its own authority, renewed when two thirds of its life are over."""

    def __init__(self, authority: Authority, names: tuple[str, ...], clock: Clock) -> None:
        self._authority = authority
        self._names = names
        self._clock = clock
        self._pair, self._renew_at = self._make()

    def current(self) -> Pair:
        """See `ServerCertificate`."""
        if self._clock.now() >= self._renew_at:
            self._pair, self._renew_at = self._make()
        return self._pair

    def _make(self) -> tuple[Pair, datetime]:
        now = self._clock.now()
        key = ec.generate_private_key(ec.SECP256R1())
        certified = self._authority.certify_server(key.public_key(), self._names, now)
        return (private_pem(key), certified.chain_pem), now + SERVER_LIFE * 2 / 3


def certificate_of(
    tls: Tls | AutoTls | None, authority: Authority | None, address: Address, clock: Clock
) -> ServerCertificate | None:
    """The certificate that settings ask for. Raises: SettingsError."""
    if tls is None:
        return None
    if isinstance(tls, Tls):
        return CertificateFiles(tls)
    if authority is None:
        raise SettingsError("a server certifies itself by its own authority only, and has none")
    return OwnCertificate(authority, _names(*tls.names, *_ANYWHERE.get(address.host, (address.host,))), clock)


def _names(*others: str) -> tuple[str, ...]:
    """What a server on this machine may be reached under, beside `others`."""
    own = (socket.gethostname(), socket.getfqdn(), "localhost", "127.0.0.1", "::1")
    return tuple(dict.fromkeys(name for name in (*others, *own) if name))


def server_credentials(certificate: ServerCertificate, clients_from: bytes | None) -> grpc.ServerCredentials:
    """Credentials that follow a certificate. With `clients_from`, PEM, only clients that it has certified get in."""
    used = certificate.current()

    def changed() -> grpc.ServerCertificateConfiguration | None:
        nonlocal used
        latest = certificate.current()
        if latest is used:
            return None
        used = latest
        return grpc.ssl_server_certificate_configuration([latest], clients_from)

    first = grpc.ssl_server_certificate_configuration([used], clients_from)
    # None is allowed and means that nothing has changed; the stubs don't know.
    return grpc.dynamic_ssl_server_credentials(first, changed, clients_from is not None)  # type: ignore[arg-type]
