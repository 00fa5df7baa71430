"""The server's own certificate while it runs: read again when its files change, or renewed before it expires."""

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
    """The port for the server's certificate."""

    def current(self) -> Pair:
        """The pair to use for the next connection; the same object while nothing has changed.

        Called for each connection, on gRPC's threads.
        """
        ...


class CertificateFiles:
    """A certificate and key in files, which somebody else renews, such as an ACME client."""

    def __init__(self, files: Tls) -> None:
        """Read the files.

        Raises:
            SettingsError: They can't be read, or don't belong together.
        """
        self._files = files
        self._stamp = self._modified_at()
        self._pair = self._read()

    def current(self) -> Pair:
        """See `ServerCertificate`. The earlier pair stays in use while the files don't belong together."""
        try:
            stamp = self._modified_at()
            if stamp != self._stamp:
                self._pair = self._read()
                self._stamp = stamp
                _log.info("serving workers with the renewed certificate in %s", self._files.certificate)
        except SettingsError as error:
            _log.warning("the certificate for workers stays as it was: %s", error)
        return self._pair

    def _modified_at(self) -> tuple[int, int]:
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
    """A certificate from the server's own authority, renewed when two thirds of its life are over."""

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
    """The certificate that settings ask for; None: workers are served without TLS.

    Raises:
        SettingsError: It can't be read or made.
    """
    if tls is None:
        return None
    if isinstance(tls, Tls):
        return CertificateFiles(tls)
    if authority is None:
        raise SettingsError("a server certifies itself by its own authority only, and has none")
    return OwnCertificate(authority, _names(*tls.names, *_ANYWHERE.get(address.host, (address.host,))), clock)


def _names(*others: str) -> tuple[str, ...]:
    """The names and addresses of this machine, after `others`, without duplicates."""
    own = (socket.gethostname(), socket.getfqdn(), "localhost", "127.0.0.1", "::1")
    return tuple(dict.fromkeys(name for name in (*others, *own) if name))


def server_credentials(certificate: ServerCertificate, clients_from: bytes | None) -> grpc.ServerCredentials:
    """gRPC credentials that follow a certificate; with `clients_from`, PEM, they demand a client certificate by it."""
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
