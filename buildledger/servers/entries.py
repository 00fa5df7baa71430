"""What is known of the servers of one ledger, and the interface to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from buildledger.events.ids import ServerId


class Singleton(StrEnum):
    """Something that one server does for all."""

    REACTORS = "reactors"
    POLLERS = "pollers"
    RETENTION = "retention"
    ELASTIC = "elastic"


@dataclass(frozen=True, kw_only=True)
class PeerAddress:
    """Where a server answers the others, and how they know it."""

    address: str
    """`host:port`."""
    certificate: str
    """PEM; whoever doesn't have it isn't that server."""


@dataclass(frozen=True, kw_only=True)
class ServerEntry:
    """A server process, as the others see it."""

    server_id: ServerId
    host: str
    """The name of its machine, for people."""
    machine: str
    """Names the machine since its last start: whoever has the same sees the same files at the same paths, perhaps."""
    state: str
    """Its state directory; the marker file in it names the server's stores."""
    store: str
    """What the marker file holds."""
    roles: tuple[str, ...]
    term: int = 1
    """How often it has said that it serves."""
    leads: tuple[Singleton, ...] = ()
    alive: bool = True
    peer: PeerAddress | None = None
    """None: it doesn't answer the others."""
    serves_since: datetime | None = None
    """By the database's clock; None where nothing is said of it."""
    leads_since: datetime | None = None
    """Since when it has led what it leads, without a change; None while it leads nothing."""


@dataclass(frozen=True, kw_only=True)
class StoreEntry:
    """A state directory in which some server of the ledger has run, and may have left logs and artifacts."""

    store: str
    host: str
    machine: str
    state: str


@dataclass(frozen=True, kw_only=True)
class LostServer:
    """A server that was held for dead, and whose state directory no server has taken up since."""

    server_id: ServerId
    host: str
    state: str
    roles: tuple[str, ...]
    lost_at: datetime
    """By the database's clock."""


class Servers(Protocol):
    """Who serves, and who leads. Thread-safe and instantaneous: it tells what was so at the last look."""

    def serves(self, server_id: ServerId) -> bool:
        """Whether a server process may hold sessions of workers."""
        ...

    def leads(self, singleton: Singleton) -> bool:
        """Whether this process may do it at this moment; once it says no, whatever does it has to stop at once."""
        ...

    def entries(self) -> Sequence[ServerEntry]:
        """All servers that are known, this one first."""
        ...

    def lost(self) -> Sequence[LostServer]:
        """Those that died lately, the last first."""
        ...

    def other_stores(self) -> Sequence[StoreEntry]:
        """The state directories of all others that ever served."""
        ...

    def ask_poll(self, source: str) -> None:
        """Tell the other servers soon that a source has changed: whichever polls it then does."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why this server has no lease; None while it has one."""
        ...
