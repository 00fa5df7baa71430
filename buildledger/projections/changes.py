"""Commits, the branches they stand on, and the sources they come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import sqlalchemy as sa

from buildledger.events import change as events
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Fact, Recorded
from buildledger.projections.columns import (
    SCHEMA,
    encode,
    flag,
    identity,
    microseconds,
    number,
    sequence,
    text,
    versioned,
)
from buildledger.projections.configured import applied, source_columns
from buildledger.projections.projection import ProjectionWriter
from buildledger.projections.row_buffers import AppendBuffer, Row, VersionedRows

METADATA = sa.MetaData()

change = sa.Table(
    "change",
    METADATA,
    sequence(),
    identity("id", nullable=False, unique=True),
    text("source"),
    text("repository"),
    text("branch"),
    text("revision"),
    text("parents"),
    identity("author", nullable=False),
    identity("committer", nullable=False),
    text("co_authors"),
    identity("words_id", nullable=False),
    text("words_digest"),
    text("files"),
    number("file_count"),
    text("link", nullable=True),
    flag("historic"),
    number("committed_at"),
    number("recorded_at"),
    schema=SCHEMA,
)
"""Commits never change; `seq` is the position at which one was recorded."""
sa.Index("change_branch", change.c.source, change.c.branch, change.c.seq)
sa.Index("change_revision", change.c.revision)
sa.Index("change_author", change.c.author, change.c.seq)

branch = versioned(
    METADATA,
    "branch",
    ("source", "name"),
    text("source"),
    text("name"),
    text("revision"),
    flag("forced"),
    number("moved_at"),
)

source = versioned(
    METADATA,
    "source",
    ("name",),
    text("name"),
    flag("configured"),
    text("kind", nullable=True),
    text("url", nullable=True),
    text("default_branch", nullable=True),
    text("own_default_branch", nullable=True),
    text("cause", nullable=True),
    text("detail"),
    number("failed_at", nullable=True),
)


class Changes:
    """What was committed, and where it can be read."""

    NAME: ClassVar[str] = "changes"
    VERSION: ClassVar[int] = 3
    METADATA: ClassVar[sa.MetaData] = METADATA
    FACTS: ClassVar[frozenset[type[Fact]]] = frozenset(
        {
            events.ChangeRecorded,
            events.BranchMoved,
            events.DefaultBranchChanged,
            events.SourceFailed,
            events.SourceRecovered,
            ConfigApplied,
        }
    )

    def writer(self) -> ProjectionWriter:
        """A writer of rows that has read nothing into memory yet."""
        return ChangesWriter()


class ChangesWriter:
    """Keeps all sources in memory, and the branches that moved."""

    def __init__(self) -> None:
        self._changes = AppendBuffer(change)
        self._branches = VersionedRows(branch, "source", "name")
        self._sources = VersionedRows(source, "name")
        self._loaded = False

    def apply(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        """See `ProjectionWriter`."""
        if not self._loaded:
            self._sources.load_all(connection)
            self._loaded = True
        moved = {recorded.fact.branch for recorded in batch if isinstance(recorded.fact, events.BranchMoved)}
        self._branches.load(connection, "name", moved)
        for recorded in batch:
            self._write(recorded)
        self._changes.flush(connection)
        self._branches.flush(connection)
        self._sources.flush(connection)

    def _write(self, recorded: Recorded) -> None:
        position, fact = recorded.position, recorded.fact
        at = microseconds(recorded.meta.recorded_at)
        match fact:
            case events.ChangeRecorded():
                self._changes.add(_change_row(recorded, fact))
            case events.BranchMoved():
                self._see(position, fact.source, {})
                self._moved(position, at, fact)
            case events.DefaultBranchChanged():
                self._see(position, fact.source, {"own_default_branch": fact.branch})
            case events.SourceFailed():
                self._see(position, fact.source, {"cause": fact.cause, "detail": fact.detail, "failed_at": at})
            case events.SourceRecovered():
                self._see(position, fact.source, {"cause": None, "detail": "", "failed_at": None})
            case ConfigApplied():
                self._applied(position, fact.text)
            case _:
                raise TypeError(f"{recorded.name} is no fact of a source")

    def _moved(self, position: int, at: int, fact: events.BranchMoved) -> None:
        key = (fact.source, fact.branch)
        if fact.revision is None:
            self._branches.remove(position, key)
            return
        row = {
            "source": fact.source,
            "name": fact.branch,
            "revision": fact.revision,
            "forced": fact.forced,
            "moved_at": at,
        }
        self._branches.put(position, key, row)
        self._branches.settle(key)

    def _see(self, position: int, name: str, values: Row) -> None:
        if name not in self._sources:
            self._sources.put(position, name, {"name": name, "configured": False, "detail": "", **values})
        elif values:
            self._sources.put(position, name, values)

    def _applied(self, position: int, configuration: str) -> None:
        if (readable := applied(configuration)) is None:
            return
        named = source_columns(readable)
        for row in list(self._sources.values()):
            if row["configured"] and row["name"] not in named:
                self._sources.put(position, row["name"], {"configured": False})
        for name, values in named.items():
            known = self._sources.get(name)
            wanted = {**values, "configured": True}
            if known is None or any(known[column] != value for column, value in wanted.items()):
                self._see(position, name, wanted)


def _change_row(recorded: Recorded, fact: events.ChangeRecorded) -> Row:
    return {
        "seq": recorded.position,
        "id": recorded.stream_id,
        "source": fact.source,
        "repository": fact.repository,
        "branch": fact.branch,
        "revision": fact.revision,
        "parents": encode(fact.parents),
        "author": fact.author,
        "committer": fact.committer,
        "co_authors": encode(fact.co_authors),
        "words_id": fact.words_id,
        "words_digest": fact.words_digest,
        "files": encode(fact.files),
        "file_count": fact.file_count,
        "link": fact.link,
        "historic": fact.historic,
        "committed_at": microseconds(fact.committed_at),
        "recorded_at": microseconds(recorded.meta.recorded_at),
    }
