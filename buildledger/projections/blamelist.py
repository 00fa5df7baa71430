"""Which commits a build brought that come after the nearest green ancestors.

For each source, the commits blamed are those from which the revision that the build got is made, down to the revisions
that passed builds of the same builder got, on whatever branch. While a build runs the answer is provisional; at its end
it is computed again and stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec
import sqlalchemy as sa

from buildledger.events.build import BuildAssigned, BuildFinished, RevisionObtained
from buildledger.events.change import ChangeRecorded
from buildledger.events.fact import Fact, Recorded
from buildledger.events.results import Result
from buildledger.projections.blamelist_tables import METADATA, blame, commit, green, open_build
from buildledger.projections.columns import encode
from buildledger.projections.commit_graph import CommitGraph
from buildledger.projections.projection import ProjectionContradicted, ProjectionWriter
from buildledger.projections.row_buffers import AppendBuffer, VersionedRows

COMMITS_MAX = 200
"""Listed for one source of one build; more are counted."""
GREENS_MAX = 500_000
"""Green revisions that are kept in memory."""
PASSED = frozenset({Result.SUCCESS, Result.WARNINGS})

_texts = msgspec.json.Decoder(tuple[str, ...])


class Blamelist:
    """Blame by the commit graph; rules that look at problems and landings stand above it."""

    NAME: ClassVar[str] = "blamelist"
    VERSION: ClassVar[int] = 2
    METADATA: ClassVar[sa.MetaData] = METADATA
    FACTS: ClassVar[frozenset[type[Fact]]] = frozenset({ChangeRecorded, BuildAssigned, RevisionObtained, BuildFinished})

    def writer(self) -> ProjectionWriter:
        """A writer of rows that has read nothing into memory yet."""
        return BlamelistWriter()


class BlamelistWriter:
    """Keeps open builds, the greens of their builders, and the graphs of the sources that were asked about."""

    def __init__(self) -> None:
        self._commits = AppendBuffer(commit)
        self._builds = VersionedRows(open_build, "build_id")
        self._greens = VersionedRows(green, "builder", "source", "revision")
        self._blame = VersionedRows(blame, "build_id", "source")
        self._graphs: dict[str, CommitGraph] = {}
        self._green: dict[str, dict[str, set[str]]] = {}
        """By builder and source: revisions of green builds."""
        self._green_count = 0
        self._loaded = False

    def apply(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        """See `ProjectionWriter`."""
        if not self._loaded:
            self._builds.load_all(connection)
            self._blame.load(connection, "build_id", [row["build_id"] for row in self._builds.values()])
            self._loaded = True
        self._load_greens(connection, batch)
        for recorded in batch:
            fact = recorded.fact
            match fact:
                case ChangeRecorded():
                    self._committed(recorded.position, fact)
                case BuildAssigned():
                    self._assigned(recorded, fact)
                case RevisionObtained():
                    self._obtained(connection, recorded, fact)
                case BuildFinished():
                    self._finished(connection, recorded, fact)
                case _:
                    raise TypeError(f"{recorded.name} means nothing to blame")
        for rows in (self._commits, self._builds, self._greens, self._blame):
            rows.flush(connection)
        if self._green_count > GREENS_MAX:
            self._green.clear()
            self._green_count = 0

    def _load_greens(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        builders = {fact.builder for recorded in batch if isinstance(fact := recorded.fact, BuildAssigned)}
        builders.update(row["builder"] for row in self._builds.values())
        unread = builders - self._green.keys()
        for builder in unread:
            self._green[builder] = {}
        for row in self._greens.load(connection, "builder", unread):
            self._green[row["builder"]].setdefault(row["source"], set()).add(row["revision"])
            self._greens.settle((row["builder"], row["source"], row["revision"]))
            self._green_count += 1

    def _graph(self, connection: sa.Connection, source: str) -> CommitGraph:
        """The source's graph, read when it is first asked for, with what this batch has not written yet."""
        graph = self._graphs.get(source)
        if graph is None:
            self._commits.flush(connection)
            graph = self._graphs[source] = CommitGraph()
            rows = sa.select(commit.c.revision, commit.c.parents).where(commit.c.source == source)
            for revision, parents in connection.execute(rows.order_by(commit.c.seq)):
                graph.add(revision, _texts.decode(parents))
        return graph

    def _committed(self, position: int, fact: ChangeRecorded) -> None:
        row = {"seq": position, "source": fact.source, "revision": fact.revision, "parents": encode(fact.parents)}
        self._commits.add(row)
        graph = self._graphs.get(fact.source)
        if graph is not None:
            graph.add(fact.revision, fact.parents)

    def _assigned(self, recorded: Recorded, fact: BuildAssigned) -> None:
        row = {"build_id": recorded.stream_id, "builder": fact.builder, "obtained": "{}"}
        self._builds.put(recorded.position, recorded.stream_id, row)

    def _build(self, recorded: Recorded) -> dict[str, Any]:
        row = self._builds.get(recorded.stream_id)
        if row is None:
            raise ProjectionContradicted(recorded, f"build {recorded.stream_id}")
        return row

    def _obtained(self, connection: sa.Connection, recorded: Recorded, fact: RevisionObtained) -> None:
        build = self._build(recorded)
        obtained = {**_obtained(build), fact.source: fact.revision}
        self._builds.put(recorded.position, recorded.stream_id, {"obtained": encode(obtained)})
        self._judge(connection, recorded, build["builder"], fact.source, fact.revision)

    def _finished(self, connection: sa.Connection, recorded: Recorded, fact: BuildFinished) -> None:
        build = self._build(recorded)
        for source, revision in _obtained(build).items():
            self._judge(connection, recorded, build["builder"], source, revision)
            if fact.result in PASSED:
                self._passed(recorded.position, build["builder"], source, revision)
            self._blame.settle((recorded.stream_id, source))
        self._builds.remove(recorded.position, recorded.stream_id)

    def _judge(self, connection: sa.Connection, recorded: Recorded, builder: str, source: str, revision: str) -> None:
        """Write the blame for one source of a build."""
        graph = self._graph(connection, source)
        found = graph.since_green(revision, self._green[builder].get(source, frozenset()), COMMITS_MAX)
        row = {
            "build_id": recorded.stream_id,
            "source": source,
            "revision": revision,
            "baseline": "unknown" if revision not in graph else "green" if found.reached else "none",
            "commit_count": found.total if found.reached else 0,
            "commits": encode(found.revisions if found.reached else ()),
        }
        before = self._blame.get((recorded.stream_id, source))
        if before is None or any(before[column] != value for column, value in row.items()):
            self._blame.put(recorded.position, (recorded.stream_id, source), row)

    def _passed(self, position: int, builder: str, source: str, revision: str) -> None:
        known = self._green[builder].setdefault(source, set())
        if revision not in known:
            known.add(revision)
            self._green_count += 1
            key = (builder, source, revision)
            self._greens.put(position, key, {"builder": builder, "source": source, "revision": revision})
            self._greens.settle(key)


def _obtained(build: dict[str, Any]) -> dict[str, str]:
    return msgspec.json.decode(build["obtained"], type=dict[str, str])
