"""Where workers come in: who certifies them, what they are given, and the service they talk to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from buildledger.clock import Clock
from buildledger.composition.masking import SecretMasking
from buildledger.composition.stores import Stores
from buildledger.elastic.driver import Gateway
from buildledger.events.ids import ServerId
from buildledger.intake.active_configuration import ActiveConfiguration
from buildledger.intake.build_secrets import BuildSecrets
from buildledger.logs.artifacts import ArtifactLimits
from buildledger.servers.entries import Servers
from buildledger.settings import AutoTls, ServerSettings, Tls
from buildledger.slave_grpc.identity.authority import Authority
from buildledger.slave_grpc.identity.credential_issuer import token_with_ca
from buildledger.slave_grpc.identity.proofs import CountsOnce
from buildledger.slave_grpc.service import WorkerService
from buildledger.slave_grpc.settings import WorkerServiceSettings

DRAIN_SECONDS = 3.0
SEEN_PROOFS_FILE = "proofs-seen"
NOWHERE = Gateway("", secured=False)


@dataclass(frozen=True, kw_only=True)
class GatewayHandle:
    """The worker service of this process, and where workers reach it; empty in a process without a gateway."""

    service: WorkerService | None = None
    announced: str = "nowhere: this process has no gateway"
    """Where people are told that workers connect."""
    gateway: Gateway = NOWHERE
    """The same for the workers that the server starts."""


def authority_of(settings: ServerSettings, clock: Clock) -> Authority:
    """What certifies workers.

    Raises:
        SettingsError
    """
    files = settings.worker_ca
    return Authority.at(settings.state, clock.now()) if files is None else Authority.of(files)


def whole_token_of(settings: ServerSettings, authority: Authority) -> Callable[[str], str]:
    """What makes of an enrollment token the text that a worker is given."""
    if isinstance(settings.grpc_tls, AutoTls):
        return lambda token: token_with_ca(token, authority.certificate_der)
    return lambda token: token


async def serve_workers(
    settings: ServerSettings,
    stores: Stores,
    stack: AsyncExitStack,
    *,
    active: ActiveConfiguration,
    secrets: BuildSecrets,
    clock: Clock,
    server_id: ServerId,
    servers: Servers,
    authority: Authority,
) -> GatewayHandle:
    """Serve workers until the stack ends.

    Raises:
        SettingsError: If an address is taken or would be served in clear.
    """
    service = WorkerService(
        ledger=stores.ledger,
        logs=stores.logs,
        artifacts=stores.artifacts,
        limits=_limits(settings),
        installation_key=stores.vault.installation_key,
        secrets=secrets,
        masks=SecretMasking(stores.ledger, secrets),
        clock=clock,
        server_id=server_id,
        serves=servers.serves,
        settings=_service_settings(settings),
        authority=authority,
        seen_proofs=settings.state / SEEN_PROOFS_FILE,
        proofs_once=await _proofs_once(settings, stack),
        is_configured=lambda worker: settings.unknown_workers or active.names_worker(worker),
    )
    port = await service.start(settings.grpc, settings.grpc_mtls)
    stack.push_async_callback(service.stop)
    stack.push_async_callback(service.drain, DRAIN_SECONDS)
    announced = f"{settings.grpc.host}:{port}"
    if settings.grpc_mtls is not None:
        announced += f" (with certificates at {settings.grpc_mtls.host}:{service.mutual_port})"
    gateway = Gateway(str(settings.grpc.reachable(port)), secured=isinstance(settings.grpc_tls, Tls))
    return GatewayHandle(service=service, announced=announced, gateway=gateway)


async def _proofs_once(settings: ServerSettings, stack: AsyncExitStack) -> CountsOnce | None:
    """Where all servers remember which proofs were shown; None for one that is alone."""
    if settings.database is None:
        return None
    # loaded only where it is used, like the ledger's own PostgreSQL parts
    from buildledger.servers.shown_once import ShownOnce

    shown = await asyncio.to_thread(ShownOnce, settings.database)
    stack.push_async_callback(asyncio.to_thread, shown.close)
    return shown.add


def _limits(settings: ServerSettings) -> ArtifactLimits:
    return ArtifactLimits(
        file_bytes=settings.artifact_file_bytes,
        build_bytes=settings.artifact_build_bytes,
        total_bytes=settings.artifact_total_bytes,
    )


def _service_settings(settings: ServerSettings) -> WorkerServiceSettings:
    return WorkerServiceSettings(
        heartbeat_seconds=settings.heartbeat_seconds,
        lease_seconds=settings.lease_seconds,
        restored=settings.restored,
        tls=settings.grpc_tls,
        credential_seconds=settings.credential_seconds,
    )
