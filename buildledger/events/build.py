"""Facts about builds, their steps and what their workers were asked to do."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Literal

import msgspec

from buildledger.events.fact import Fact
from buildledger.events.ids import ChangeId, OperationId, RequestId
from buildledger.events.operation import Ended, OperationSpec
from buildledger.events.request import SourceStamp
from buildledger.events.results import Result


class BuildAssigned(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A build began its life: requests, worker and configuration are fixed. A build's number is the count of these."""

    NAME: ClassVar[str] = "build.assigned.v1"

    builder: str
    """By name; in a matrix, of the cell."""
    requests: tuple[RequestId, ...]
    """The request it was made for, then those collapsed into it."""
    attempt: int
    """Counts the builds of the first request, from 1."""
    worker: str
    """By its configured name."""
    fence: int
    """Position-like number that grows with each assignment; a worker obeys only the highest it has seen for a run."""
    stamps: tuple[SourceStamp, ...]
    """What it checks out, by source."""
    changes: tuple[ChangeId, ...] = ()
    """The changes that it is made for."""
    reason: str
    """As in the first request."""
    requested_by: str
    """As in the first request."""
    inputs: dict[str, Any] = msgspec.field(default_factory=dict)
    """As in the first request."""
    config_digest: str
    """The configuration it is built under, whatever is applied meanwhile."""
    pipeline: str | None = None
    """The digest of the repository's pipeline that has the builder; None: the configuration has it."""


class StepStarted(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A step program began."""

    NAME: ClassVar[str] = "build.step_started.v1"

    step: int
    """Index in the build, from 0."""
    name: str
    """As configured, or made of what the step does."""
    program: str
    """The step program that carries it out."""
    program_version: int
    """A server with another version of the program won't go on with the step."""


class StepLocksRequested(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A step began to wait for its locks; its program begins when it has them."""

    NAME: ClassVar[str] = "build.step_locks_requested.v1"

    step: int
    """Index in the build, from 0."""
    locks: dict[str, int]
    """How much it takes of each lock, by the lock's name."""


class StepLocksTaken(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A step has all the locks that it waited for; it holds them until it ends."""

    NAME: ClassVar[str] = "build.step_locks_taken.v1"

    step: int
    """Index in the build, from 0."""


class OperationRequested(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A worker is asked to do something."""

    NAME: ClassVar[str] = "build.operation_requested.v1"

    operation_id: OperationId
    step: int
    """Index of the step that asks for it."""
    label: str
    """A few words for people: `git fetch`, `pytest`."""
    worker: str
    """The build's worker; it acts for it where the server does the operation itself."""
    fence: int
    """That of the assignment."""
    spec: OperationSpec
    """What is to be done."""


class OperationStarted(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The worker has started the process."""

    NAME: ClassVar[str] = "build.operation_started.v1"

    operation_id: OperationId
    mechanism: str = ""
    """How the process tree is held together: one of `ProcessMechanism`; text, as workers send it."""


class OperationFinished(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The operation ended; its output is complete and durable."""

    NAME: ClassVar[str] = "build.operation_finished.v1"

    operation_id: OperationId
    ended: Ended
    """How, and what it brought back."""


class PropertySet(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The build learnt a value, which later steps and people can read."""

    NAME: ClassVar[str] = "build.property_set.v1"

    name: str
    """Unique in the build; a later value replaces an earlier one."""
    value: Any
    """JSON, never a secret."""
    origin: str
    """The step that set it."""


class RevisionObtained(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A checkout found out what it really got."""

    NAME: ClassVar[str] = "build.revision_obtained.v1"

    source: str
    """By its configured name."""
    revision: str
    """In the words of its version-control system; for git a whole commit id."""


class ArtifactStored(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A file or a directory of the build is kept by the server."""

    NAME: ClassVar[str] = "build.artifact_stored.v1"

    name: str
    """What it is listed under."""
    size_bytes: int
    """Of a directory: all its files together."""
    sha256: str
    """Names the bytes in the artifact store: those of the file, or of the directory's manifest."""
    operation_id: OperationId
    """The upload that brought it."""
    directory: bool = False
    file_count: int = 1
    mode: int = 0
    """Permission bits of a file; 0: not known."""


class ArtifactRemoved(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The server no longer keeps an artifact; that there was one, and its digest, stays known."""

    NAME: ClassVar[str] = "build.artifact_removed.v1"

    operation_id: OperationId
    """The upload that brought it."""
    reason: str
    """`expired` or `quota`."""


class TestResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one test."""

    __test__ = False

    name: str
    suite: str = ""
    """What it belongs to: a class, a module, a file."""
    status: Literal["passed", "failed", "error", "skipped"]
    seconds: float | None = None
    message: str = ""
    """The beginning of what it said when it didn't pass."""


class TestsReported(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A test report was read. A long one comes in several of these."""

    __test__ = False
    NAME: ClassVar[str] = "build.tests_reported.v1"

    operation_id: OperationId
    step: int
    """Index of the step that read it."""
    report: str
    """Path of the report in the build's directory."""
    part: int = 0
    """Counts these facts of one operation, from 0."""
    format: str
    """`junit`, `subunit` or `tap`."""
    results: tuple[TestResult, ...]
    """Those of this part."""
    omitted: int = 0
    """Tests of this report that passed or were skipped and are beyond the limit."""


class StepFinished(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A step program came to its end."""

    NAME: ClassVar[str] = "build.step_finished.v1"

    step: int
    """Index in the build, from 0."""
    result: Result
    summary: str = ""
    """A line for people: `exit code 1`, `no output for 1200 s`."""


class StopCause(StrEnum):
    """What wants a build to end."""

    REQUEST = "request"
    """Somebody asked for it."""
    TIMEOUT = "timeout"
    """It has taken longer than its builder allows."""


class BuildStopRequested(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The build is to end; its operations are being stopped.

    A second one means that what always runs is stopped as well, and that nothing more is run.
    """

    NAME: ClassVar[str] = "build.stop_requested.v1"

    reason: str
    """Why, for people."""
    cause: StopCause = StopCause.REQUEST


class BuildFinished(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The build is over."""

    NAME: ClassVar[str] = "build.finished.v1"

    result: Result
    """What its steps came to."""
    summary: str = ""
    """A line for people."""
