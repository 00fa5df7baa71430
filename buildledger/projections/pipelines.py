"""What the files of repositories define: at each revision that was read, on each branch, and where it was last seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
import sqlalchemy as sa

from buildledger.config.globs import matches
from buildledger.events.change import BranchMoved
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Fact, Recorded
from buildledger.events.pipeline import PipelineMissing, PipelineOutcome, PipelineRead, PipelineRejected
from buildledger.projections.columns import SCHEMA, encode, microseconds, number, text, versioned
from buildledger.projections.configured import applied
from buildledger.projections.projection import ProjectionWriter
from buildledger.projections.row_buffers import AppendBuffer, Row, VersionedRows

METADATA = sa.MetaData()

granted = versioned(METADATA, "granted", ("source",), text("source"), text("branches"))
"""The sources whose repositories may define something, and on which branches."""

head = versioned(
    METADATA, "head", ("source", "branch"), text("source"), text("branch"), text("revision"), number("moved_at")
)
sa.Index("head_revision", head.c.revision)

reading = versioned(
    METADATA,
    "reading",
    ("source", "revision"),
    text("source"),
    text("revision"),
    text("outcome"),
    text("path"),
    text("config_digest"),
    text("pipeline", nullable=True),
    text("problems"),
    number("read_at"),
)
"""What came of the file of a revision, when it was read last; `outcome` is `read`, `rejected` or `missing`."""
sa.Index("reading_revision", reading.c.revision)

pipeline = versioned(
    METADATA,
    "pipeline",
    ("source", "digest"),
    text("source"),
    text("digest"),
    text("branch", nullable=True),
    text("revision", nullable=True),
    number("seen_at", nullable=True),
)
"""Where a pipeline was seen last: the branch that had it, and at which revision; null: on none whose files count."""

pipeline_builder = sa.Table(
    "pipeline_builder",
    METADATA,
    number("seq"),
    number("number"),
    text("source"),
    text("digest"),
    text("builder"),
    sa.PrimaryKeyConstraint("seq", "number"),
    schema=SCHEMA,
)
"""The builders of each pipeline, in the order of the file; `seq` is where it was read first."""
sa.Index("pipeline_builder_digest", pipeline_builder.c.source, pipeline_builder.c.digest)
sa.Index("pipeline_builder_name", pipeline_builder.c.builder)

_patterns = msgspec.json.Decoder(tuple[str, ...])


class Pipelines:
    """What repositories define themselves."""

    NAME: ClassVar[str] = "pipelines"
    VERSION: ClassVar[int] = 1
    METADATA: ClassVar[sa.MetaData] = METADATA
    FACTS: ClassVar[frozenset[type[Fact]]] = frozenset(
        {ConfigApplied, BranchMoved, PipelineRead, PipelineRejected, PipelineMissing}
    )

    def writer(self) -> ProjectionWriter:
        """A writer of rows that has read nothing into memory yet."""
        return PipelinesWriter()


class PipelinesWriter:
    """Keeps in memory who is granted anything, and of the rest what a batch speaks of."""

    def __init__(self) -> None:
        self._granted = VersionedRows(granted, "source")
        self._heads = VersionedRows(head, "source", "branch")
        self._readings = VersionedRows(reading, "source", "revision")
        self._pipelines = VersionedRows(pipeline, "source", "digest")
        self._builders = AppendBuffer(pipeline_builder)
        self._loaded = False

    def apply(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        """See `ProjectionWriter`."""
        self._load(connection, batch)
        for recorded in batch:
            self._write(recorded)
        for rows in (self._heads, self._readings, self._pipelines):
            rows.settle_all()
        for buffer in (self._granted, self._heads, self._readings, self._pipelines, self._builders):
            buffer.flush(connection)

    def _load(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        if not self._loaded:
            self._granted.load_all(connection)
            self._loaded = True
        moves = [recorded.fact for recorded in batch if isinstance(recorded.fact, BranchMoved)]
        outcomes = [recorded.fact for recorded in batch if isinstance(recorded.fact, PipelineOutcome)]
        read = {outcome.revision for outcome in outcomes}
        self._heads.load(connection, "branch", {move.branch for move in moves})
        self._heads.load(connection, "revision", read)
        self._readings.load(connection, "revision", read | {move.revision for move in moves if move.revision})
        digests = {outcome.pipeline for outcome in outcomes if isinstance(outcome, PipelineRead)}
        digests.update(row["pipeline"] for row in self._readings.values() if row["pipeline"] is not None)
        self._pipelines.load(connection, "digest", digests)

    def _write(self, recorded: Recorded) -> None:
        position, fact = recorded.position, recorded.fact
        at = microseconds(recorded.meta.recorded_at)
        match fact:
            case ConfigApplied():
                self._applied(position, fact.text)
            case BranchMoved():
                self._moved(position, at, fact)
            case PipelineRead() | PipelineRejected() | PipelineMissing():
                self._read(position, at, fact)
            case _:
                raise TypeError(f"{recorded.name} says nothing of files of repositories")

    def _applied(self, position: int, configuration: str) -> None:
        if (readable := applied(configuration)) is None:
            return
        for name in [row["source"] for row in self._granted.values()]:
            if name not in readable.repo_pipelines:
                self._granted.remove(position, name)
        for name, grant in readable.repo_pipelines.items():
            known, branches = self._granted.get(name), encode(grant.branches)
            if known is None or known["branches"] != branches:
                self._granted.put(position, name, {"source": name, "branches": branches})

    def _moved(self, position: int, at: int, fact: BranchMoved) -> None:
        key = (fact.source, fact.branch)
        if fact.revision is None:
            self._heads.remove(position, key)
            return
        row = {"source": fact.source, "branch": fact.branch, "revision": fact.revision, "moved_at": at}
        self._heads.put(position, key, row)
        found = self._readings.get((fact.source, fact.revision))
        if found is not None and found["pipeline"] is not None:
            self._see(position, at, row, found["pipeline"])

    def _read(self, position: int, at: int, outcome: PipelineOutcome) -> None:
        row: Row = {
            "source": outcome.source,
            "revision": outcome.revision,
            "path": outcome.path,
            "config_digest": outcome.config_digest,
            "read_at": at,
            "outcome": "missing",
            "pipeline": None,
            "problems": "[]",
        }
        if isinstance(outcome, PipelineRejected):
            row |= {"outcome": "rejected", "problems": encode(outcome.problems)}
        elif isinstance(outcome, PipelineRead):
            row |= {"outcome": "read", "pipeline": outcome.pipeline}
            self._know(position, outcome)
            for each in list(self._heads.values()):
                if (each["source"], each["revision"]) == (outcome.source, outcome.revision):
                    self._see(position, at, each, outcome.pipeline)
        self._readings.put(position, (outcome.source, outcome.revision), row)

    def _know(self, position: int, outcome: PipelineRead) -> None:
        """Write down what a pipeline has, when it is read for the first time."""
        key = {"source": outcome.source, "digest": outcome.pipeline}
        if (outcome.source, outcome.pipeline) not in self._pipelines:
            self._pipelines.put(position, (outcome.source, outcome.pipeline), key)
            for index, name in enumerate(outcome.builders):
                self._builders.add({**key, "seq": position, "number": index, "builder": name})

    def _see(self, position: int, at: int, branch: Row, digest: str) -> None:
        """Note where a pipeline is, if the file of the branch counts."""
        grant = self._granted.get(branch["source"])
        if grant is not None and matches(_patterns.decode(grant["branches"]), branch["branch"]):
            seen = {"branch": branch["branch"], "revision": branch["revision"], "seen_at": at}
            self._pipelines.put(position, (branch["source"], digest), seen)
