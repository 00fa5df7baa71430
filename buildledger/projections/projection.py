"""What every projection is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

import sqlalchemy as sa

from buildledger.events.fact import Fact, Recorded


class ProjectionWriter(Protocol):
    """Turns facts into rows of one view, and remembers rows between batches. Used by one thread."""

    def apply(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        """Write what these facts mean. They come in order, each once, and only kinds that the projection asked for.

        The caller commits. After any exception the writer is thrown away, with all it remembered, and nothing is
        committed.
        """
        ...


class Projection(Protocol):
    """One read model: its tables, and how facts become its rows."""

    NAME: ClassVar[str]
    VERSION: ClassVar[int]
    """Raised when equal facts give other rows than before: the view is then built anew."""
    METADATA: ClassVar[sa.MetaData]
    FACTS: ClassVar[frozenset[type[Fact]]]
    """The kinds of facts it wants, in their newest versions."""

    def writer(self) -> ProjectionWriter:
        """A writer of rows that has read nothing into memory yet."""
        ...


class ProjectionContradicted(Exception):  # noqa: N818 - what happened, as health shows it
    """A fact speaks of something that no earlier fact brought into being: the ledger or the projection is wrong."""

    def __init__(self, recorded: Recorded, missing: str) -> None:
        super().__init__(f"position {recorded.position} ({recorded.name}) speaks of {missing}, which isn't there")
        self.position = recorded.position
