"""The gRPC server: its options, its listening addresses, and the handler of the stream of sessions."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.settings import Address, SettingsError
from buildledger.slave_grpc.identity.authority import Authority
from buildledger.slave_grpc.identity.certificates import ServerCertificate, server_credentials
from buildledger.slave_grpc.settings import RECEIVE_MAX_BYTES

_SECOND = 1000
STREAM_WINDOW_BYTES = 2 * 1024 * 1024

OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", RECEIVE_MAX_BYTES),
    ("grpc.keepalive_time_ms", 20 * _SECOND),
    ("grpc.keepalive_timeout_ms", 10 * _SECOND),
    # Without it a frozen peer is noticed after 65 to 80 seconds instead of 30.
    ("grpc.http2.ping_timeout_ms", 10 * _SECOND),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10 * _SECOND),
    ("grpc.http2.max_ping_strikes", 0),
    # A probe of the bandwidth with every message that comes in would double what a heartbeat costs. Instead of what it
    # finds out, each stream may have this much on its way: 40 MB/s over 50 ms.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", STREAM_WINDOW_BYTES),
    # Two servers on one port would each get some of the workers, and neither would say so.
    ("grpc.so_reuseport", 0),
)
"""Measured values. gRPC's own pings end at the next proxy, which is why the protocol has heartbeats beside them."""


def make_server(*interceptors: grpc.aio.ServerInterceptor) -> grpc.aio.Server:
    """A server with all options set, without services and addresses."""
    return grpc.aio.server(options=OPTIONS, interceptors=interceptors)


def bind(
    server: grpc.aio.Server,
    address: Address,
    certificate: ServerCertificate | None,
    clients_from: bytes | None = None,
) -> int:
    """Let the server listen; returns the port. With `clients_from`, PEM, it demands a client certificate by that CA.

    Raises:
        SettingsError: The address is taken, or would carry credentials in clear over a network.
    """
    try:
        if certificate is not None:
            return server.add_secure_port(str(address), server_credentials(certificate, clients_from))
        if not address.loopback:
            raise SettingsError(
                f"workers would talk in clear at {address}: configure a certificate and key, or listen on loopback"
            )
        return server.add_insecure_port(str(address))
    except (RuntimeError, OSError) as error:
        raise SettingsError(f"workers can't be served at {address}: the port is taken or not allowed") from error


def listen(
    server: grpc.aio.Server,
    address: Address,
    mutual: Address | None,
    certificate: ServerCertificate | None,
    authority: Authority | None,
) -> tuple[int, int]:
    """Let the server listen at both addresses; returns the ports, 0 for none.

    Connections at `mutual` must show a client certificate by `authority`; without one, `mutual` isn't served.

    Raises:
        SettingsError: An address is taken, or would carry credentials in clear over a network.
    """
    port, mutual_port = bind(server, address, certificate), 0
    if mutual is not None and authority is not None:
        mutual_port = bind(server, mutual, certificate, authority.certificate_pem)
    return port, mutual_port


def add_sessions(server: grpc.aio.Server, serve: Callable[[Any], Awaitable[None]]) -> None:
    """Add the service `Worker`, whose streams `serve` reads and writes through the call's context.

    It reads pairs of a message and its size in bytes, which is costly to compute once the message is parsed.
    """

    async def session(_: Any, context: Any) -> None:
        await serve(context)

    handler = grpc.stream_stream_rpc_method_handler(
        session, request_deserializer=_measured, response_serializer=pb.Down.SerializeToString
    )
    service = pb.DESCRIPTOR.services_by_name["Worker"].full_name
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Session": handler}),))


def _measured(message: bytes) -> tuple[pb.Up, int]:
    return pb.Up.FromString(message), len(message)
