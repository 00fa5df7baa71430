"""Reading the recorded histories."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent

DIRECTORY = Path(__file__).parent


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One stored fact."""

    stream_id: UUID
    version: int
    name: str
    stored: str
    """The stored bytes, which are UTF-8."""

    @property
    def event(self) -> StoredEvent:
        """As the store hands it out."""
        return StoredEvent(self.stream_id, self.version, self.name, self.stored.encode())


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What a history must come to."""

    aggregate: str
    version: int
    root: str
    """Of the Merkle tree over exactly this history, in hex."""
    state: Any


def names() -> list[str]:
    """All histories."""
    return sorted(path.stem for path in DIRECTORY.glob("*.jsonl"))


def lines(name: str) -> list[Line]:
    """A history's facts."""
    return msgspec.json.Decoder(Line).decode_lines((DIRECTORY / f"{name}.jsonl").read_bytes())


def expected(name: str) -> Expected:
    """What it must come to."""
    return msgspec.json.decode((DIRECTORY / f"{name}.state.json").read_bytes(), type=Expected)
