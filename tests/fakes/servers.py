"""A server that is alone."""

from __future__ import annotations

from uuid import UUID

from buildledger.events.ids import ServerId
from buildledger.servers.alone import Alone
from buildledger.servers.entries import ServerEntry, Singleton

SERVER = ServerId(UUID(int=7))


def entry(server_id: ServerId = SERVER, state: str = "/var/lib/buildledger", store: str = "a-store") -> ServerEntry:
    """What is known of a server."""
    return ServerEntry(
        server_id=server_id, host="ci-1", machine="a-boot", state=state, store=store, roles=("gateway", "reactors")
    )


def alone() -> Alone:
    """One that leads the reactors."""
    return Alone(entry(), frozenset({Singleton.REACTORS}))
