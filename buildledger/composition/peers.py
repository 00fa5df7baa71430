"""Where the other servers of the database fetch what this one has."""

from __future__ import annotations

import asyncio
import platform
from contextlib import AsyncExitStack

from buildledger.clock import Clock
from buildledger.composition.lifetime import Lifetime
from buildledger.composition.other_stores import StoresOfThisMachine
from buildledger.composition.state_directory import store_name
from buildledger.composition.stores import ARTIFACTS, Stores
from buildledger.composition.web import listen, serve_app
from buildledger.logs.artifacts_local import LocalArtifactStore
from buildledger.logs.shared import SharedLogStore
from buildledger.peers.identity import access_token, make_certificate
from buildledger.peers.service import PeerService
from buildledger.servers.entries import PeerAddress
from buildledger.settings import Address, ServerSettings

CONNECTIONS_MAX = 512
"""At once; whoever comes beyond them is told to come again."""


async def serve_peers(
    settings: ServerSettings, stores: Stores, clock: Clock, lifetime: Lifetime, stack: AsyncExitStack
) -> PeerAddress | None:
    """Answer the others until the stack ends; how they reach this server, or None if they can't.

    Raises:
        SettingsError: The address is taken.
    """
    if settings.peer is None:
        return None
    listener = stack.enter_context(listen(settings.peer, "--peer", "what answers other servers"))
    certificate = make_certificate(settings.state, clock.now())
    here = StoresOfThisMachine(stores.others)
    logs = SharedLogStore(stores.own_logs, here)
    stack.push_async_callback(asyncio.to_thread, logs.close)
    files = LocalArtifactStore(settings.state / ARTIFACTS, others=here)
    token = access_token(stores.vault.installation_key, store_name(settings.state))
    await serve_app(
        PeerService(logs, files, token),
        listener,
        "answers to other servers",
        lifetime,
        stack,
        ssl_certfile=certificate.certificate,
        ssl_keyfile=certificate.key,
        limit_concurrency=CONNECTIONS_MAX,
    )
    address = _reached_at(settings, settings.peer, listener.getsockname()[1])
    return PeerAddress(address=str(address), certificate=certificate.pem)


def _reached_at(settings: ServerSettings, peer: Address, port: int) -> Address:
    if settings.peer_address is not None:
        return settings.peer_address
    return Address(host=platform.node() if peer.everywhere else peer.host, port=port)
