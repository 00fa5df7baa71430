"""The one server of a SQLite ledger: its state directory is locked, so that nobody else can serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from buildledger.events.ids import ServerId
from buildledger.servers.entries import LostServer, ServerEntry, Singleton, StoreEntry


class Alone:
    """Leads whatever its roles let it do; see `Servers`."""

    trouble = None

    def __init__(self, entry: ServerEntry, wanted: frozenset[Singleton]) -> None:
        self._entry = replace(entry, leads=tuple(sorted(wanted)))

    def serves(self, server_id: ServerId) -> bool:
        """See `Servers`: every other one is dead."""
        return server_id == self._entry.server_id

    def leads(self, singleton: Singleton) -> bool:
        """See `Servers`."""
        return singleton in self._entry.leads

    def entries(self) -> Sequence[ServerEntry]:
        """See `Servers`."""
        return (self._entry,)

    def lost(self) -> Sequence[LostServer]:
        """See `Servers`."""
        return ()

    def other_stores(self) -> Sequence[StoreEntry]:
        """See `Servers`."""
        return ()

    def ask_poll(self, source: str) -> None:
        """See `Servers`: there is nobody to tell."""
