"""How builders and builds stand: the projection behind most pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.events import build as events
from buildledger.events.change import BranchMoved, DefaultBranchChanged
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Fact, Recorded
from buildledger.events.log import LogFinished, LogOpened
from buildledger.events.pipeline import PipelineDefined
from buildledger.events.request import SourceStamp
from buildledger.projections import status_tables as tables
from buildledger.projections.columns import encode, microseconds
from buildledger.projections.projection import ProjectionContradicted, ProjectionWriter
from buildledger.projections.row_buffers import AppendBuffer, VersionedRows, chunks
from buildledger.projections.status_branches import branches_of
from buildledger.projections.status_builders import BuilderRows
from buildledger.projections.status_logs import LogRows
from buildledger.projections.status_steps import OpenBuild, StepRows

_stamps = msgspec.json.Decoder(tuple[SourceStamp, ...])


class Status:
    """Builders, builds, steps, operations, logs, properties and artifacts."""

    NAME: ClassVar[str] = "status"
    VERSION: ClassVar[int] = 8
    METADATA: ClassVar[sa.MetaData] = tables.METADATA
    FACTS: ClassVar[frozenset[type[Fact]]] = frozenset(
        {
            events.BuildAssigned,
            events.StepStarted,
            events.StepLocksRequested,
            events.StepLocksTaken,
            events.OperationRequested,
            events.OperationStarted,
            events.OperationFinished,
            events.PropertySet,
            events.RevisionObtained,
            events.ArtifactStored,
            events.ArtifactRemoved,
            events.StepFinished,
            events.BuildStopRequested,
            events.BuildFinished,
            LogOpened,
            LogFinished,
            ConfigApplied,
            PipelineDefined,
            BranchMoved,
            DefaultBranchChanged,
        }
    )

    def writer(self) -> ProjectionWriter:
        """A writer of rows that has read nothing into memory yet."""
        return StatusWriter()


class StatusWriter:
    """Keeps all builders and whatever is still open in memory, and nothing that is over."""

    def __init__(self) -> None:
        self._builds = AppendBuffer(tables.build)
        self._states = VersionedRows(tables.build_state, "seq")
        self._builders = BuilderRows()
        self._steps = StepRows()
        self._logs = LogRows()
        self._open: dict[UUID, OpenBuild] = {}
        self._over: list[UUID] = []
        """Builds that are forgotten after the batch."""
        self._of_builds: dict[type[Fact], Callable[[Recorded, Any, OpenBuild], None]] = {
            events.StepStarted: self._step_started,
            events.StepLocksRequested: self._steps.locks_requested,
            events.StepLocksTaken: self._steps.locks_taken,
            events.OperationRequested: self._steps.operation_requested,
            events.OperationStarted: self._steps.operation_started,
            events.OperationFinished: self._steps.operation_finished,
            events.PropertySet: self._steps.property_set,
            events.RevisionObtained: self._revision_obtained,
            events.ArtifactStored: self._steps.artifact_stored,
            events.ArtifactRemoved: self._steps.artifact_removed,
            events.StepFinished: self._steps.step_finished,
            events.BuildStopRequested: self._stop_requested,
            events.BuildFinished: self._finished,
        }

    def apply(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        """See `ProjectionWriter`."""
        self._load(connection, batch)
        of_builds = self._of_builds
        for recorded in batch:
            fact = recorded.fact
            handler = of_builds.get(type(fact))
            if handler is not None:
                handler(recorded, fact, self._build(recorded, recorded.stream_id))
            elif isinstance(fact, events.BuildAssigned):
                self._assigned(recorded, fact)
            elif isinstance(fact, LogOpened):
                self._logs.opened(recorded, fact, self._build(recorded, fact.build_id).seq)
            elif isinstance(fact, LogFinished):
                self._logs.finished(recorded, fact)
            elif isinstance(fact, ConfigApplied):
                self._builders.applied(connection, recorded.position, fact.text)
            elif isinstance(fact, PipelineDefined):
                self._builders.defined(connection, recorded.position, fact.text)
            elif isinstance(fact, BranchMoved):
                self._builders.moved(connection, recorded.position, fact)
            elif isinstance(fact, DefaultBranchChanged):
                self._builders.default_changed(connection, recorded.position, fact)
        self._builds.flush(connection)
        self._states.flush(connection)
        self._steps.flush(connection)
        self._logs.flush(connection)
        self._builders.flush(connection)
        for build_id in self._over:
            self._open.pop(build_id, None)
        self._over.clear()

    def _load(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        """Read what the batch speaks of and isn't in memory, in as many queries as there are tables."""
        self._builders.load(connection)
        begun: set[UUID] = set()
        builds: set[UUID] = set()
        logs: set[UUID] = set()
        ending: set[UUID] = set()
        moved: set[tuple[str, str]] = set()
        new: dict[UUID, events.BuildAssigned] = {}
        for recorded in batch:
            fact = recorded.fact
            if isinstance(fact, events.BuildAssigned):
                begun.add(recorded.stream_id)
                new[recorded.stream_id] = fact
            elif isinstance(fact, LogOpened):
                begun.add(recorded.stream_id)
                builds.add(fact.build_id)
            elif isinstance(fact, LogFinished):
                logs.add(recorded.stream_id)
            elif isinstance(fact, BranchMoved):
                moved.add((fact.source, fact.branch))
            elif not isinstance(fact, ConfigApplied | DefaultBranchChanged):
                builds.add(recorded.stream_id)
                if isinstance(fact, events.BuildFinished):
                    ending.add(recorded.stream_id)
        builds.difference_update(begun, self._open)
        if builds:
            self._load_builds(connection, builds)
        self._logs.load(connection, logs - begun)
        ended = [build for build_id in ending if (build := self._open.get(build_id)) is not None]
        ended += [OpenBuild(0, fact.builder, branches_of(fact.stamps)) for key, fact in new.items() if key in ending]
        self._builders.load_branches(connection, ended, moved)

    def _load_builds(self, connection: sa.Connection, build_ids: set[UUID]) -> None:
        """Bring builds back into memory: after a start, or for what is said of a build after its end."""
        columns = sa.select(tables.build.c.id, tables.build.c.seq, tables.build.c.builder, tables.build.c.stamps)
        loaded: dict[int, OpenBuild] = {}
        for chunk in chunks(build_ids):
            for build_id, seq, builder, stamps in connection.execute(columns.where(tables.build.c.id.in_(chunk))):
                self._open[build_id] = loaded[seq] = OpenBuild(seq, builder, branches_of(_stamps.decode(stamps)))
        self._states.load(connection, "seq", loaded)
        self._steps.load(connection, loaded)
        for build_id in build_ids:
            build = self._open.get(build_id)
            if build is not None and self._states[build.seq]["status"] == "finished":
                self._forget(build_id, build)

    def _forget(self, build_id: UUID, build: OpenBuild) -> None:
        self._over.append(build_id)
        self._states.settle(build.seq)
        self._steps.settle(build)

    def _build(self, recorded: Recorded, build_id: UUID) -> OpenBuild:
        try:
            return self._open[build_id]
        except KeyError:
            raise ProjectionContradicted(recorded, f"build {build_id}") from None

    def _assigned(self, recorded: Recorded, fact: events.BuildAssigned) -> None:
        seq = recorded.position
        self._open[recorded.stream_id] = OpenBuild(seq, fact.builder, branches_of(fact.stamps))
        self._builds.add(
            {
                "seq": seq,
                "id": recorded.stream_id,
                "builder": fact.builder,
                "number": self._builders.assigned(seq, fact.builder),
                "worker": fact.worker,
                "attempt": fact.attempt,
                "request_id": fact.requests[0] if fact.requests else None,
                "requests": encode(fact.requests),
                "stamps": encode(fact.stamps),
                "changes": encode(fact.changes),
                "change_count": len(fact.changes),
                "reason": fact.reason,
                "requested_by": fact.requested_by,
                "inputs": encode(fact.inputs),
                "config_digest": fact.config_digest,
                "pipeline": fact.pipeline,
                "assigned_at": microseconds(recorded.meta.recorded_at),
            }
        )
        self._states.put(seq, seq, {"seq": seq, "status": "running", "summary": "", "obtained": "{}"})

    def _step_started(self, recorded: Recorded, fact: events.StepStarted, build: OpenBuild) -> None:
        after_stop = self._states[build.seq]["status"] == "stopping"
        self._steps.step_started(recorded, fact, build, after_stop=after_stop)

    def _revision_obtained(self, recorded: Recorded, fact: events.RevisionObtained, build: OpenBuild) -> None:
        obtained = msgspec.json.decode(self._states[build.seq]["obtained"], type=dict[str, str])
        obtained[fact.source] = fact.revision
        self._states.put(recorded.position, build.seq, {"obtained": encode(obtained)})

    def _stop_requested(self, recorded: Recorded, fact: events.BuildStopRequested, build: OpenBuild) -> None:
        self._states.put(recorded.position, build.seq, {"status": "stopping", "summary": fact.reason})

    def _finished(self, recorded: Recorded, fact: events.BuildFinished, build: OpenBuild) -> None:
        at = microseconds(recorded.meta.recorded_at)
        result = fact.result.value
        ended = {"status": "finished", "result": result, "summary": fact.summary, "finished_at": at}
        self._states.put(recorded.position, build.seq, ended)
        self._builders.finished(recorded.position, build, fact.result, at)
        self._forget(recorded.stream_id, build)
