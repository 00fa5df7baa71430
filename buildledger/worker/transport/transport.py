"""Opens gRPC channels to the server: TLS, or plain to this machine only."""

import ipaddress
import os
from collections.abc import Sequence
from pathlib import Path

# Fork handlers of gRPC slow every spawn down, and this program never forks without exec. Read when grpc is imported.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

import grpc
import grpc.aio
from cryptography import x509

from buildledger.worker.settings import WorkerSettings
from buildledger.worker.transport.credential import StoredCredential
from buildledger.worker.transport.proof import proof_of

RECEIVE_LIMIT_BYTES = 1 << 20

CHANNEL_OPTIONS: Sequence[tuple[str, int]] = (
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # Without it a frozen peer is noticed only after more than a minute.
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", RECEIVE_LIMIT_BYTES),
    ("grpc.max_send_message_length", RECEIVE_LIMIT_BYTES),
    # Each channel connects anew: a shared subchannel would hand on the back-off of the one before.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
)


class PlainTransportRefusedError(Exception):
    """The settings ask for an unencrypted connection that would leave this machine."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(
            f"refusing to connect to {address} without TLS: credentials and secrets would cross the network in clear. "
            "Enroll with a token that says whom to trust, name the issuer of its certificate with --ca, use --tls, or "
            "connect to 127.0.0.1."
        )


class CaFileUnusableError(OSError):
    """The file that should hold the issuers of the server's certificate doesn't."""

    def __init__(self, file: Path, reason: object) -> None:
        self.file = file
        super().__init__(f"--ca: {file} can't be used: {reason}")


def check_ca_file(settings: WorkerSettings) -> None:
    """Make sure that the file of issuers, if there is one, can be used.

    Raises:
        CaFileUnusableError: it can't.
    """
    if settings.ca_file is not None:
        _read_issuers(settings.ca_file)


def open_channel(
    settings: WorkerSettings, address: str, credential: StoredCredential | None, trusted_pem: bytes = b""
) -> grpc.aio.Channel:
    """A fresh channel to `address`, which connects on first use.

    `trusted_pem` is trusted beside what the credential says; see `WorkerSettings` for what counts first.

    Raises:
        PlainTransportRefusedError: plain transport to another machine.
        CaFileUnusableError: the file of issuers is gone, or holds something else by now.
    """
    trusted_pem += credential.trusted_ca_pem if credential is not None else b""
    check_transport(settings, address, trusted_pem)
    if not is_secured(settings, trusted_pem):
        return grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
    roots = None
    if settings.ca_file is not None:
        roots = _read_issuers(settings.ca_file) + b"\n" + trusted_pem
    elif not settings.tls:
        roots = trusted_pem
    chain = credential.certificate_chain_pem if credential is not None else b""
    secured = grpc.ssl_channel_credentials(
        root_certificates=roots,
        private_key=credential.private_key_pem if credential is not None and chain else None,
        certificate_chain=chain or None,
    )
    # A socket of this machine leads to a server that is called as if it were here; the path is nobody's name.
    here = [("grpc.ssl_target_name_override", "localhost")] if address.startswith("unix:") else []
    return grpc.aio.secure_channel(address, secured, options=[*CHANNEL_OPTIONS, *here])


def check_transport(settings: WorkerSettings, address: str, trusted_pem: bytes) -> None:
    """Make sure that nothing would cross a network in clear.

    Raises:
        PlainTransportRefusedError: plain transport to another machine.
    """
    if not is_secured(settings, trusted_pem) and not is_loopback(address):
        raise PlainTransportRefusedError(address)


def is_secured(settings: WorkerSettings, trusted_pem: bytes) -> bool:
    """Whether connections use TLS."""
    return settings.ca_file is not None or settings.tls or bool(trusted_pem)


def is_loopback(address: str) -> bool:
    """Whether host:port can only mean this machine."""
    if address.startswith("unix:"):
        return True
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def call_metadata(credential: StoredCredential | None) -> tuple[tuple[str, str], ...]:
    """Metadata that proves who calls, good for one call."""
    if credential is None:
        return ()
    return (("authorization", f"Bearer {credential.bearer}"), ("buildledger-proof", proof_of(credential)))


def _read_issuers(file: Path) -> bytes:
    """The certificates in a file, PEM.

    Raises:
        CaFileUnusableError: there are none that can be read.
    """
    try:
        pem = file.read_bytes()
        x509.load_pem_x509_certificates(pem)
    except OSError as error:
        raise CaFileUnusableError(file, error.strerror) from error
    except ValueError as error:
        raise CaFileUnusableError(file, "it holds no PEM certificate") from error
    return pem
