"""Facts and ids that the tests of the rules begin from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from buildledger.domain.worker import ConnectWorker
from buildledger.events.build import ArtifactStored, BuildAssigned, TestResult, TestsReported
from buildledger.events.change import BranchMoved, ChangeRecorded
from buildledger.events.ids import (
    BuildId,
    ClaimId,
    OperationId,
    RequestId,
    ServerId,
    WordsId,
    build_id,
    log_id,
    operation_id,
    request_id,
)
from buildledger.events.log import LogFinished, LogOpened
from buildledger.events.operation import Ended, Run
from buildledger.events.pipeline import (
    PipelineDefined,
    PipelineMissing,
    PipelineOutcome,
    PipelineProblem,
    PipelineRead,
    PipelineRejected,
)
from buildledger.events.request import RequestSubmitted, SourceStamp
from buildledger.events.worker import WorkerConnected

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DIGEST = "c" * 64
STAMP = SourceStamp(source="widget", repository="https://git.example/widget.git", branch="main", revision="a" * 40)
REQUEST: RequestId = request_id("sample", 1)
OTHER_REQUEST: RequestId = request_id("sample", 2)
BUILD: BuildId = build_id(REQUEST, 1)
OPERATION: OperationId = operation_id(BUILD, 0, 0)
DEFINED = PipelineDefined(source="widget", digest=DIGEST, text="{}")
OUTCOMES: tuple[PipelineOutcome, ...] = (
    PipelineMissing(source="widget", revision="a" * 40, path=".buildledger.yaml", config_digest="d1"),
    PipelineRejected(
        source="widget",
        revision="a" * 40,
        path=".buildledger.yaml",
        config_digest="d1",
        file_digest="f" * 64,
        problems=(PipelineProblem(line=2, column=1, code="grant", message="no"),),
    ),
    PipelineRead(
        source="widget",
        revision="a" * 40,
        path=".buildledger.yaml",
        config_digest="d2",
        file_digest="f" * 64,
        pipeline=DIGEST,
        builders=("widget:tests",),
    ),
)
"""What can come of reading the file of one revision."""
RUN = Run(argv=("true",))
PASSED = Ended(reason="exited", exit_code=0)
FAILED = Ended(reason="exited", exit_code=1)


def submitted(**others: Any) -> RequestSubmitted:
    """A request for `tests` on main."""
    fields: dict[str, Any] = {
        "builder": "tests",
        "stamps": (STAMP,),
        "reason": "forced",
        "requested_by": "system",
        "config_digest": DIGEST,
    }
    return RequestSubmitted(**fields | others)


def assigned(**others: Any) -> BuildAssigned:
    """The first build of that request, on worker `w1`."""
    fields: dict[str, Any] = {
        "builder": "tests",
        "requests": (REQUEST,),
        "attempt": 1,
        "worker": "w1",
        "fence": 7,
        "stamps": (STAMP,),
        "reason": "forced",
        "requested_by": "system",
        "config_digest": DIGEST,
    }
    return BuildAssigned(**fields | others)


def connected(**others: Any) -> WorkerConnected:
    """The first session of worker `w1`."""
    fields: dict[str, Any] = {
        "worker": "w1",
        "epoch": 1,
        "server_id": REQUEST,
        "boot_id": "boot",
        "instance_id": "one",
        "version": "test/1",
        "os": "linux",
        "arch": "x86_64",
        "labels": {"os": "linux"},
        "capacity": 1,
    }
    return WorkerConnected(**fields | others)


def change(**others: Any) -> ChangeRecorded:
    """A commit on main."""
    fields: dict[str, Any] = {
        "source": "widget",
        "repository": STAMP.repository,
        "branch": "main",
        "revision": "a" * 40,
        "parents": (),
        "author": ClaimId(REQUEST),
        "committer": ClaimId(REQUEST),
        "committed_at": AT,
        "words_id": WordsId(REQUEST),
        "words_digest": "d" * 64,
        "file_count": 0,
    }
    return ChangeRecorded(**fields | others)


def moved(**others: Any) -> BranchMoved:
    """main, seen for the first time."""
    fields: dict[str, Any] = {"source": "widget", "branch": "main", "revision": "a" * 40}
    return BranchMoved(**fields | others)


ARTIFACT = ArtifactStored(name="wheel", size_bytes=3, sha256="f" * 64, operation_id=OPERATION)
REPORT = TestsReported(
    operation_id=OPERATION, step=0, report="junit.xml", format="junit", results=(TestResult(name="a", status="passed"),)
)
LOG = log_id(OPERATION, "stdio")
OPENED = LogOpened(build_id=BUILD, step=0, operation_id=OPERATION, channel="stdio", label="true")
COMPLETE = LogFinished(size_bytes=3, line_count=1, sha256="e" * 64)
SERVER = ServerId(REQUEST)


def hello(**others: Any) -> ConnectWorker:
    fields: dict[str, Any] = {
        "worker": "w1",
        "credential_digest": "d1",
        "server_id": ServerId(REQUEST),
        "boot_id": "boot",
        "instance_id": "one",
        "version": "test/1",
        "os": "linux",
        "arch": "x86_64",
        "labels": {"os": "linux"},
        "capacity": 1,
        "features": (),
        "address": "",
    }
    return ConnectWorker(**fields | others)
