"""Where the other servers of the ledger keep logs and artifacts, as far as this process can read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from buildledger.composition.state_directory import STORE_FILE
from buildledger.servers.entries import Servers, StoreEntry


class OtherServersStores:
    """Looks at directories of this machine, and believes the marker file in them only; see `OtherStores`."""

    def __init__(self, machine: str) -> None:
        self._machine = machine
        self.servers: Servers | None = None
        """None before this server has joined the others."""

    def readable(self) -> Sequence[Path]:
        """See `OtherStores`."""
        return [Path(each.state) for each in self._known() if self._can_read(each)]

    def unreadable(self) -> Sequence[str]:
        """See `OtherStores`."""
        return [f"{each.host} ({each.state})" for each in self._known() if not self._can_read(each)]

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
