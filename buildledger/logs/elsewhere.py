"""Logs and artifacts that other servers of the same ledger have: where they can be read, and what if they can't."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class StoredElsewhereError(Exception):
    """What was asked for isn't here, and another server may have it, which can't be read from here."""

    def __init__(self, what: str, servers: Sequence[str]) -> None:
        super().__init__(
            f"{what} is not on this server; it may be on {', '.join(servers)}, which can't be read from here"
        )


class OtherStores(Protocol):
    """The state directories of the other servers."""

    def readable(self) -> Sequence[Path]:
        """Those that this process can read, whether their servers run or not."""
        ...

    def unreadable(self) -> Sequence[str]:
        """Those that it can't, each by the name of its machine and its path there."""
        ...


class NoOtherStores:
    """A server that is alone."""

    def readable(self) -> Sequence[Path]:
        """See `OtherStores`."""
        return ()

    def unreadable(self) -> Sequence[str]:
        """See `OtherStores`."""
        return ()
