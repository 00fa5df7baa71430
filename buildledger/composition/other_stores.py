"""Where the other servers of the ledger keep logs and artifacts: read on this machine, else asked for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from buildledger.composition.state_directory import STORE_FILE
from buildledger.events.ids import ServerId
from buildledger.logs.elsewhere import Peer
from buildledger.peers.client import HttpPeer
from buildledger.servers.entries import ServerEntry, Servers, StoreEntry

ELASTIC = "elastic"
"""In the state directory: what the server knows of workers that it starts as processes."""


class OtherServersStores:
    """Looks at directories of this machine, and believes the marker file in them only; see `OtherStores`."""

    def __init__(self, machine: str, token_of: Callable[[str], str]) -> None:
        """`token_of`: what a server has to be shown, by the name of its store."""
        self._machine = machine
        self._token_of = token_of
        self._peers: dict[ServerId, HttpPeer] = {}
        self._lock = threading.Lock()
        self.servers: Servers | None = None
        """None before this server has joined the others."""

    def readable(self) -> Sequence[Path]:
        """See `OtherStores`."""
        return [Path(each.state) for each in self._known() if self._can_read(each)]

    def peers(self) -> Sequence[Peer]:
        """See `OtherStores`."""
        return [self._peer(server) for each, server in self._elsewhere() if server is not None and server.peer]

    def unreadable(self) -> Mapping[str, str]:
        """See `OtherStores`."""
        return {
            _place(each): f"{_place(each)}: " + ("its server doesn't run" if server is None else "it has no --peer")
            for each, server in self._elsewhere()
            if server is None or server.peer is None
        }

    async def close(self) -> None:
        """End all connections."""
        await asyncio.gather(*[each.close() for each in self._peers.values()])

    def _elsewhere(self) -> list[tuple[StoreEntry, ServerEntry | None]]:
        """The stores that can't be read here, each with the server that runs there."""
        if self.servers is None:
            return []
        running = {each.store: each for each in self.servers.entries() if each.alive}
        return [(each, running.get(each.store)) for each in self._known() if not self._can_read(each)]

    def _peer(self, server: ServerEntry) -> HttpPeer:
        assert server.peer is not None
        with self._lock:
            known = self._peers.get(server.server_id)
            if known is None:
                place, token = _place(server), self._token_of(server.store)
                known = HttpPeer(place, server.peer.address, server.peer.certificate, token)
                self._peers[server.server_id] = known
            return known

    def _known(self) -> Sequence[StoreEntry]:
        return () if self.servers is None else self.servers.other_stores()

    def _can_read(self, entry: StoreEntry) -> bool:
        """Whether it is here and the same: another machine's may have the same path, and its logs change underneath."""
        if entry.machine != self._machine:
            return False
        try:
            return (Path(entry.state) / STORE_FILE).read_text().strip() == entry.store
        except OSError:
            return False


class HomesOfOtherServers:
    """Where they start workers as processes; see `OtherHomes`."""

    def __init__(self, others: OtherServersStores) -> None:
        self._others = others

    def here(self) -> Sequence[Path]:
        """See `OtherHomes`."""
        return [state / ELASTIC for state in self._others.readable()]

    def elsewhere(self) -> Sequence[str]:
        """See `OtherHomes`."""
        return [*[each.place for each in self._others.peers()], *self._others.unreadable()]


class StoresOfThisMachine:
    """What is told to the others: who asks for more asks the servers there; see `OtherStores`."""

    def __init__(self, others: OtherServersStores) -> None:
        self._others = others

    def readable(self) -> Sequence[Path]:
        """See `OtherStores`."""
        return self._others.readable()

    def peers(self) -> Sequence[Peer]:
        """See `OtherStores`."""
        return ()

    def unreadable(self) -> Mapping[str, str]:
        """See `OtherStores`."""
        return {}


def _place(entry: StoreEntry | ServerEntry) -> str:
    return f"{entry.host} ({entry.state})"
