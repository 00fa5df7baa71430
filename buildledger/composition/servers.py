"""This server among those of its ledger: its lease, and what it leads."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from buildledger import __version__
from buildledger.composition.state_directory import store_name
from buildledger.domain.command import Command
from buildledger.domain.server import LoseServer, StartServer, StopServer
from buildledger.events.ids import ServerId
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.servers.alone import Alone
from buildledger.servers.entries import PeerAddress, ServerEntry, Servers, Singleton
from buildledger.settings import Role, ServerSettings

SINGLETONS = {
    Role.REACTORS: Singleton.REACTORS,
    Role.POLLERS: Singleton.POLLERS,
    Role.GATEWAY: Singleton.RETENTION,
    Role.ELASTIC: Singleton.ELASTIC,
}
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
ORIGIN = Origin(actor="system")


async def join_servers(
    settings: ServerSettings,
    ledger: Ledger,
    server_id: ServerId,
    stack: AsyncExitStack,
    poll: Callable[[str], object],
    peer: PeerAddress | None,
) -> Servers:
    """Take this server's lease and say that it serves; when the stack ends it has stopped in good order.

    `poll` is called, on a thread, with each source that any server asks to be polled.

    Raises:
        LedgerUnavailable
        StoreError: The database is away.
    """
    entry = _entry(settings, server_id, peer)
    start = StartServer(server_id=server_id, version=__version__, roles=entry.roles, host=entry.host)
    wanted = frozenset(SINGLETONS[role] for role in settings.roles if role in SINGLETONS)
    servers = await _lease(settings, ledger, entry, wanted, start, stack, poll)
    await ledger.execute(start, origin=ORIGIN)
    stack.push_async_callback(ledger.execute, StopServer(server_id=server_id, reason="stopped"), origin=ORIGIN)
    return servers


async def _lease(
    settings: ServerSettings,
    ledger: Ledger,
    entry: ServerEntry,
    wanted: frozenset[Singleton],
    start: StartServer,
    stack: AsyncExitStack,
    poll: Callable[[str], object],
) -> Servers:
    if settings.database is None:
        return Alone(entry, wanted)
    # loaded only where it is used, like the ledger's own PostgreSQL parts
    from buildledger.servers.shared import SharedServers

    def lost(server_id: ServerId, term: int) -> None:
        ledger.execute_blocking(_lose(server_id, term, "it gave no sign of life"), origin=ORIGIN)

    def returned(term: int) -> None:
        commands: tuple[Command, ...] = (_lose(entry.server_id, term, "it was cut off from the database"), start)
        ledger.execute_blocking(*commands, origin=ORIGIN)

    servers = SharedServers(settings.database, entry, wanted, lost=lost, returned=returned, poll=poll)
    await asyncio.to_thread(servers.start)
    stack.push_async_callback(asyncio.to_thread, servers.stop)
    return servers


def machine_of(settings: ServerSettings) -> str:
    """Names the machine since its last start."""
    if settings.machine is not None:
        return settings.machine
    return BOOT_ID.read_text().strip() if BOOT_ID.exists() else platform.node()


def _lose(server_id: ServerId, term: int, reason: str) -> LoseServer:
    return LoseServer(server_id=server_id, term=term, reason=reason)


def _entry(settings: ServerSettings, server_id: ServerId, peer: PeerAddress | None) -> ServerEntry:
    return ServerEntry(
        server_id=server_id,
        host=platform.node(),
        machine=machine_of(settings),
        state=str(settings.state.resolve()),
        store=store_name(settings.state),
        roles=tuple(sorted(settings.roles)),
        peer=peer,
    )
