"""Logs and artifacts that other servers of the same ledger have: where they can be read, and what if they can't."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol
from uuid import UUID

from buildledger.logs.store import LINES_MAX_BYTES, LogDigest, LogLines, LogSize, Pattern, SearchPage


class StoredElsewhereError(Exception):
    """What was asked for isn't here, and another server may have it, which can't be read from here."""

    def __init__(self, what: str, servers: Iterable[str]) -> None:
        """`servers`: each place with the reason."""
        super().__init__(f"{what} is not on this server, and can't be read where it may be: {'; '.join(servers)}")


class AwayError(Exception):
    """Another server doesn't answer; the text says why. Try again later."""


class LogReading(Protocol):
    """The part of `LogStore` that reads."""

    async def check(self, log_id: UUID, said: LogDigest | None) -> None:
        """See `LogStore.check`."""
        ...

    async def size(self, log_id: UUID) -> LogSize:
        """See `LogStore.size`."""
        ...

    async def lines(self, log_id: UUID, first: int, last: int, max_bytes: int = LINES_MAX_BYTES) -> LogLines:
        """See `LogStore.lines`."""
        ...

    def raw(self, log_id: UUID, from_byte: int = 0, to_byte: int | None = None) -> AsyncGenerator[bytes]:
        """See `LogStore.raw`."""
        ...

    async def search(self, log_id: UUID, pattern: Pattern, limit: int = 100, from_line: int = 0) -> SearchPage:
        """See `LogStore.search`."""
        ...


class FileReading(Protocol):
    """The part of `ArtifactStore` that reads whole files; it blocks."""

    def has(self, sha256: str) -> bool:
        """See `ArtifactStore.has`."""
        ...

    def size_bytes(self, sha256: str) -> int:
        """See `ArtifactStore.size_bytes`."""
        ...

    def check(self, sha256: str) -> None:
        """See `ArtifactStore.check`."""
        ...

    def read(self, sha256: str, offset: int = 0) -> Generator[bytes]:
        """See `ArtifactStore.read`."""
        ...


class Peer(Protocol):
    """Another server that is asked over the network. Everything raises `AwayError` while it doesn't answer."""

    @property
    def place(self) -> str:
        """The name of its machine and its state directory there."""
        ...

    @property
    def logs(self) -> LogReading:
        """The logs that it can read on its machine."""
        ...

    @property
    def files(self) -> FileReading:
        """The artifacts that it can read on its machine."""
        ...


class OtherStores(Protocol):
    """The state directories of the other servers."""

    def readable(self) -> Sequence[Path]:
        """Those that this process can read itself, whether their servers run or not."""
        ...

    def peers(self) -> Sequence[Peer]:
        """The servers that can be asked for what they have in theirs."""
        ...

    def unreadable(self) -> Mapping[str, str]:
        """Those of which neither is so: by place, as of `Peer`, a text with the place and the reason."""
        ...


class NoOtherStores:
    """A server that is alone."""

    def readable(self) -> Sequence[Path]:
        """See `OtherStores`."""
        return ()

    def peers(self) -> Sequence[Peer]:
        """See `OtherStores`."""
        return ()

    def unreadable(self) -> Mapping[str, str]:
        """See `OtherStores`."""
        return {}
