"""Opens gRPC channels to the server: TLS, or plain to this machine only."""

import ipaddress
import os
from collections.abc import Sequence

# Fork handlers of gRPC slow every spawn down, and this program never forks without exec. Read when grpc is imported.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

import grpc
import grpc.aio

from buildledger.slave_grpc.agent.credential import StoredCredential
from buildledger.slave_grpc.agent.settings import WorkerSettings

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
            "Name the issuer of its certificate with --ca, use --tls, or connect to 127.0.0.1."
        )


def open_channel(settings: WorkerSettings, address: str, credential: StoredCredential | None) -> grpc.aio.Channel:
    """A fresh channel to `address`, which connects on first use.

    Raises:
        PlainTransportRefusedError: plain transport to another machine.
    """
    check_transport(settings, address)
    if settings.ca_file is None and not settings.tls:
        return grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
    roots = settings.ca_file.read_bytes() if settings.ca_file is not None else None
    if roots is not None and credential is not None and credential.trusted_ca_pem:
        roots += credential.trusted_ca_pem
    chain = credential.certificate_chain_pem if credential is not None else b""
    secured = grpc.ssl_channel_credentials(
        root_certificates=roots,
        private_key=credential.private_key_pem if credential is not None and chain else None,
        certificate_chain=chain or None,
    )
    return grpc.aio.secure_channel(address, secured, options=CHANNEL_OPTIONS)


def check_transport(settings: WorkerSettings, address: str) -> None:
    """Make sure that nothing would cross a network in clear.

    Raises:
        PlainTransportRefusedError: plain transport to another machine.
    """
    if settings.ca_file is None and not settings.tls and not is_loopback(address):
        raise PlainTransportRefusedError(address)


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
    """Metadata that proves who calls."""
    return (("authorization", f"Bearer {credential.bearer}"),) if credential is not None else ()
