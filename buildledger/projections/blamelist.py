"""Which commits a build brought that no green build of its stream had.

A *stream* is a builder with the branch of each of its sources. For each source, the commits blamed are those reachable
from the revision the build got and from no revision that a passed build of the stream got. While a build runs the
answer is provisional; at its end it is computed again and stays.
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
FRONTIERS_MAX = 50_000
"""Streams and sources whose green revisions are kept in memory."""
PASSED = frozenset({Result.SUCCESS, Result.WARNINGS})

_texts = msgspec.json.Decoder(tuple[str, ...])


class Blamelist:
    """Blame by the commit graph; rules that look at problems and landings stand above it."""

    NAME: ClassVar[str] = "blamelist"
    VERSION: ClassVar[int] = 1
    METADATA: ClassVar[sa.MetaData] = METADATA
    FACTS: ClassVar[frozenset[type[Fact]]] = frozenset({ChangeRecorded, BuildAssigned, RevisionObtained, BuildFinished})

    def writer(self) -> ProjectionWriter:
        """A writer of rows that has read nothing into memory yet."""
        return BlamelistWriter()


class BlamelistWriter:
    """Keeps open builds, the greens of their streams, and the graphs of the sources that were asked about."""

    def __init__(self) -> None:
        self._commits = AppendBuffer(commit)
        self._builds = VersionedRows(open_build, "build_id")
        self._greens = _greens()
        self._blame = VersionedRows(blame, "build_id", "source")
        self._graphs: dict[str, CommitGraph] = {}
        self._frontiers: dict[tuple[str, str], set[str]] = {}
        """By stream and source: revisions of green builds, without those that another one contains."""
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
        if len(self._frontiers) > FRONTIERS_MAX:
            self._frontiers.clear()
            self._greens = _greens()

    def _load_greens(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        streams = {_stream(fact) for recorded in batch if isinstance(fact := recorded.fact, BuildAssigned)}
        if not self._frontiers:
            streams.update(row["stream"] for row in self._builds.values())
        unread = [stream for stream in streams if (stream, "") not in self._frontiers]
        for row in self._greens.load(connection, "stream", unread):
            self._frontiers.setdefault((row["stream"], row["source"]), set()).add(row["revision"])
        for stream in unread:
            self._frontiers[stream, ""] = set()

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
        row = {
            "build_id": recorded.stream_id,
            "stream": _stream(fact),
            "obtained": "{}",
        }
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
        self._judge(connection, recorded, build["stream"], fact.source, fact.revision)

    def _finished(self, connection: sa.Connection, recorded: Recorded, fact: BuildFinished) -> None:
        build = self._build(recorded)
        stream: str = build["stream"]
        for source, revision in _obtained(build).items():
            contained = self._judge(connection, recorded, stream, source, revision)
            if fact.result in PASSED:
                self._passed(recorded.position, stream, source, revision, contained)
            self._blame.settle((recorded.stream_id, source))
        self._builds.remove(recorded.position, recorded.stream_id)

    def _judge(
        self, connection: sa.Connection, recorded: Recorded, stream: str, source: str, revision: str
    ) -> frozenset[str]:
        """Write the blame for one source of a build; which greens the revision contains."""
        greens = self._frontiers.get((stream, source), set())
        graph = self._graph(connection, source)
        found = graph.range(revision, greens, COMMITS_MAX)
        baseline = "unknown" if revision not in graph else "green" if greens else "none"
        row = {
            "build_id": recorded.stream_id,
            "source": source,
            "revision": revision,
            "baseline": baseline,
            "commit_count": found.total if greens else 0,
            "commits": encode(found.revisions if greens else ()),
        }
        before = self._blame.get((recorded.stream_id, source))
        if before is None or any(before[column] != value for column, value in row.items()):
            self._blame.put(recorded.position, (recorded.stream_id, source), row)
        return found.contained

    def _passed(self, position: int, stream: str, source: str, revision: str, contained: frozenset[str]) -> None:
        frontier = self._frontiers.setdefault((stream, source), set())
        for older in contained - {revision}:
            frontier.discard(older)
            self._greens.remove(position, (stream, source, older))
        if revision not in frontier:
            frontier.add(revision)
            row = {"stream": stream, "source": source, "revision": revision}
            self._greens.put(position, (stream, source, revision), row)


def _greens() -> VersionedRows:
    return VersionedRows(green, "stream", "source", "revision")


def _stream(fact: BuildAssigned) -> str:
    return encode((fact.builder, sorted((stamp.source, stamp.repository, stamp.branch) for stamp in fact.stamps)))


def _obtained(build: dict[str, Any]) -> dict[str, str]:
    return msgspec.json.decode(build["obtained"], type=dict[str, str])
