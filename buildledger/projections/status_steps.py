"""Steps of builds, what they asked of workers, and what they learnt and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from buildledger.events import build as events
from buildledger.events.fact import Recorded
from buildledger.events.operation import Copy, FindArtifact, OperationSpec, ReadGenerated, ReadReports, Run, Upload
from buildledger.projections import status_tables as tables
from buildledger.projections.columns import encode, microseconds
from buildledger.projections.projection import ProjectionContradicted
from buildledger.projections.row_buffers import AppendBuffer, Row, VersionedRows

COMMAND_CHARACTERS = 500
"""What is kept of an operation's command line; the fact has all of it."""


Branches = tuple[tuple[str, str], ...]
"""The branch of each source of a build, as (source, branch)."""


@dataclass(slots=True)
class OpenBuild:
    """A build that isn't over, and which of its rows are in memory."""

    seq: int
    builder: str
    branches: Branches
    steps: set[int] = field(default_factory=set)
    operations: set[UUID] = field(default_factory=set)
    properties: set[str] = field(default_factory=set)


class StepRows:
    """VersionedRows of the builds that are open."""

    def __init__(self) -> None:
        self._steps = VersionedRows(tables.step, "seq", "number")
        self._operations = VersionedRows(tables.operation, "seq", "id")
        self._properties = VersionedRows(tables.build_property, "seq", "name")
        self._artifacts = AppendBuffer(tables.artifact)
        self._removed = AppendBuffer(tables.artifact_removed)

    def load(self, connection: sa.Connection, builds: Mapping[int, OpenBuild]) -> None:
        """Read what may still change of these builds."""
        steps, operations = tables.step.c, tables.operation.c
        for row in self._steps.load(connection, "seq", builds, steps.finished_at.is_(None)):
            builds[row["seq"]].steps.add(row["number"])
        for row in self._operations.load(connection, "seq", builds, operations.finished_at.is_(None)):
            builds[row["seq"]].operations.add(row["id"])
        for row in self._properties.load(connection, "seq", builds):
            builds[row["seq"]].properties.add(row["name"])

    def settle(self, build: OpenBuild) -> None:
        """Forget what is left of a build that is over."""
        for step in build.steps:
            self._steps.settle((build.seq, step))
        for operation_id in build.operations:
            self._operations.settle((build.seq, operation_id))
        for name in build.properties:
            self._properties.settle((build.seq, name))

    def flush(self, connection: sa.Connection) -> None:
        """Write the rows that changed since the last flush."""
        self._steps.flush(connection)
        self._operations.flush(connection)
        self._properties.flush(connection)
        self._artifacts.flush(connection)
        self._removed.flush(connection)

    def step_started(self, recorded: Recorded, fact: events.StepStarted, build: OpenBuild, *, after_stop: bool) -> None:
        """Begin the row of a step."""
        build.steps.add(fact.step)
        row = {
            "seq": build.seq,
            "number": fact.step,
            "name": fact.name,
            "program": fact.program,
            "summary": "",
            "after_stop": after_stop,
            "started_at": microseconds(recorded.meta.recorded_at),
        }
        self._steps.put(recorded.position, (build.seq, fact.step), row)

    def locks_requested(self, recorded: Recorded, fact: events.StepLocksRequested, build: OpenBuild) -> None:
        """It waits for its locks.

        Raises:
            ProjectionContradicted
        """
        at = microseconds(recorded.meta.recorded_at)
        self._step(recorded, build, fact.step, {"locks": encode(fact.locks), "locks_requested_at": at})

    def locks_taken(self, recorded: Recorded, fact: events.StepLocksTaken, build: OpenBuild) -> None:
        """It has them.

        Raises:
            ProjectionContradicted
        """
        self._step(recorded, build, fact.step, {"locks_taken_at": microseconds(recorded.meta.recorded_at)})

    def step_finished(self, recorded: Recorded, fact: events.StepFinished, build: OpenBuild) -> None:
        """Its result.

        Raises:
            ProjectionContradicted
        """
        at = microseconds(recorded.meta.recorded_at)
        ended = {"result": fact.result.value, "summary": fact.summary, "finished_at": at}
        self._step(recorded, build, fact.step, ended)
        self._steps.settle((build.seq, fact.step))
        build.steps.discard(fact.step)

    def operation_requested(self, recorded: Recorded, fact: events.OperationRequested, build: OpenBuild) -> None:
        """Begin the row of an operation that was requested."""
        kind, command = _described(fact.spec)
        build.operations.add(fact.operation_id)
        row = {
            "seq": build.seq,
            "id": fact.operation_id,
            "place": recorded.position,
            "step": fact.step,
            "label": fact.label,
            "kind": kind,
            "command": command,
            "status": "requested",
            "detail": "",
            "requested_at": microseconds(recorded.meta.recorded_at),
        }
        self._operations.put(recorded.position, (build.seq, fact.operation_id), row)

    def operation_started(self, recorded: Recorded, fact: events.OperationStarted, build: OpenBuild) -> None:
        """It runs.

        Raises:
            ProjectionContradicted
        """
        at = microseconds(recorded.meta.recorded_at)
        self._operation(recorded, build, fact.operation_id, {"status": "started", "started_at": at})

    def operation_finished(self, recorded: Recorded, fact: events.OperationFinished, build: OpenBuild) -> None:
        """How it ended.

        Raises:
            ProjectionContradicted
        """
        ended = fact.ended
        values = {
            "status": "finished",
            "ended": ended.reason,
            "exit_code": ended.exit_code,
            "signal": ended.signal,
            "detail": ended.detail,
            "duration_seconds": ended.duration_seconds,
            "finished_at": microseconds(recorded.meta.recorded_at),
        }
        self._operation(recorded, build, fact.operation_id, values)
        self._operations.settle((build.seq, fact.operation_id))
        build.operations.discard(fact.operation_id)

    def property_set(self, recorded: Recorded, fact: events.PropertySet, build: OpenBuild) -> None:
        """Set the value that a property has from this position on."""
        build.properties.add(fact.name)
        row = {"seq": build.seq, "name": fact.name, "value": encode(fact.value), "origin": fact.origin}
        self._properties.put(recorded.position, (build.seq, fact.name), row)

    def artifact_stored(self, recorded: Recorded, fact: events.ArtifactStored, build: OpenBuild) -> None:
        """Add the row of an artifact that was stored."""
        self._artifacts.add(
            {
                "position": recorded.position,
                "seq": build.seq,
                "name": fact.name,
                "size_bytes": fact.size_bytes,
                "sha256": fact.sha256,
                "operation_id": fact.operation_id,
                "directory": fact.directory,
                "file_count": fact.file_count,
                "mode": fact.mode,
                "stored_at": microseconds(recorded.meta.recorded_at),
            }
        )

    def artifact_removed(self, recorded: Recorded, fact: events.ArtifactRemoved, build: OpenBuild) -> None:
        """Add the row that says that an artifact was removed."""
        self._removed.add(
            {
                "position": recorded.position,
                "operation_id": fact.operation_id,
                "reason": fact.reason,
                "removed_at": microseconds(recorded.meta.recorded_at),
            }
        )

    def _step(self, recorded: Recorded, build: OpenBuild, step: int, values: Row) -> None:
        key = (build.seq, step)
        if key not in self._steps:
            raise ProjectionContradicted(recorded, f"step {step} of build {recorded.stream_id}")
        self._steps.put(recorded.position, key, values)

    def _operation(self, recorded: Recorded, build: OpenBuild, operation_id: UUID, values: Row) -> None:
        key = (build.seq, operation_id)
        if key not in self._operations:
            raise ProjectionContradicted(recorded, f"operation {operation_id} of build {recorded.stream_id}")
        self._operations.put(recorded.position, key, values)


def _described(spec: OperationSpec) -> tuple[str, str]:
    """The kind of an operation, and a line that says what it does."""
    kind = str(spec.__struct_config__.tag)
    match spec:
        case Run(script=None, argv=argv):
            command = " ".join(argv)
        case Run(script=script):
            command = str(script)
        case Copy(source=source, target=target):
            command = f"{source} {target}"
        case FindArtifact(artifact=artifact):
            command = artifact
        case Upload(files=files) if files:
            command = " ".join(files)
        case ReadReports(format=report_format):
            command = report_format
        case ReadGenerated():
            command = ""
        case _:
            command = spec.path
    return kind, command[:COMMAND_CHARACTERS]
