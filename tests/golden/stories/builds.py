"""What builds tell: their steps, operations, files and ends; and what logs tell."""

from __future__ import annotations

from buildledger.events import (
    build,
    log,
    operation,
)
from buildledger.events.fact import Fact
from buildledger.events.ids import (
    RequestId,
)
from buildledger.events.results import Result
from tests.golden.stories.operations import operation_id, operations, operations_on_files
from tests.golden.stories.values import BUILD, CHANGE, DIGEST, REQUEST, STAMP, an_id

STORIES: dict[str, tuple[Fact, ...]] = {
    "build": (
        build.BuildAssigned(
            builder="tests",
            requests=(REQUEST, RequestId(an_id("other request"))),
            attempt=1,
            worker="w1",
            fence=3,
            stamps=(STAMP,),
            changes=(CHANGE,),
            reason="change on main",
            requested_by="reactor:triggering",
            inputs={"level": 3},
            config_digest=DIGEST,
        ),
        build.StepStarted(step=0, name="checkout", program="checkout", program_version=2),
        *operations(),
        build.PropertySet(name="version", value={"major": 1, "tags": ["a"]}, origin="checkout"),
        build.RevisionObtained(source="app", revision="a" * 40),
        build.ArtifactStored(name="wheel", size_bytes=7, sha256=DIGEST, operation_id=operation_id(7)),
        build.BuildStopRequested(reason="superseded"),
        build.StepFinished(step=0, result=Result.CANCELLED, summary="stopped: superseded"),
        build.BuildFinished(result=Result.CANCELLED, summary="stopped in checkout"),
    ),
    "build-whose-step-waits": (
        build.BuildAssigned(
            builder="tests",
            requests=(REQUEST,),
            attempt=1,
            worker="w1",
            fence=3,
            stamps=(STAMP,),
            reason="change on main",
            requested_by="reactor:triggering",
            config_digest=DIGEST,
        ),
        build.StepStarted(step=0, name="migrate", program="run", program_version=2),
        build.StepLocksRequested(step=0, locks={"board": 1, "staging-db": 2}),
        build.StepLocksTaken(step=0),
    ),
    "build-that-takes-too-long": (
        build.BuildAssigned(
            builder="tests",
            requests=(REQUEST,),
            attempt=1,
            worker="w1",
            fence=3,
            stamps=(STAMP,),
            reason="change on main",
            requested_by="reactor:triggering",
            config_digest=DIGEST,
        ),
        build.StepStarted(step=0, name="make", program="run", program_version=2),
        build.BuildStopRequested(reason="stopped after 1h: the builder's timeout", cause=build.StopCause.TIMEOUT),
        build.StepFinished(step=0, result=Result.CANCELLED, summary="stopped after 1h: the builder's timeout"),
        build.BuildFinished(result=Result.FAILURE, summary="stopped after 1h: the builder's timeout"),
    ),
    "build-with-a-stopping-script": (
        build.BuildAssigned(
            builder="tests",
            requests=(REQUEST,),
            attempt=1,
            worker="w1",
            fence=3,
            stamps=(STAMP,),
            reason="after change",
            requested_by="reactor:triggering",
            config_digest=DIGEST,
        ),
        build.StepStarted(step=0, name="make", program="script", program_version=2),
        build.OperationRequested(
            operation_id=operation_id(30),
            step=0,
            label="make",
            worker="w1",
            fence=3,
            spec=operation.Run(script="make\nmake install\n", stop_at_failure=True),
        ),
        build.OperationFinished(
            operation_id=operation_id(30), ended=operation.Ended(reason="exited", exit_code=2, detail="")
        ),
    ),
    "build-with-files-and-tests": (
        build.BuildAssigned(
            builder="package",
            requests=(REQUEST,),
            attempt=1,
            worker="w1",
            fence=3,
            stamps=(STAMP,),
            reason="after build",
            requested_by="reactor:triggering",
            config_digest=DIGEST,
        ),
        build.StepStarted(step=0, name="upload dist", program="upload", program_version=2),
        *operations_on_files(),
        build.ArtifactStored(
            name="dist",
            size_bytes=1 << 20,
            sha256=DIGEST,
            operation_id=operation_id(20),
            directory=True,
            file_count=3,
        ),
        build.ArtifactStored(name="tool", size_bytes=7, sha256=DIGEST, operation_id=operation_id(21), mode=0o755),
        build.TestsReported(
            operation_id=operation_id(24),
            step=0,
            report="out/junit.xml",
            part=0,
            format="junit",
            results=(
                build.TestResult(name="test_naïve 😀", suite="tests.test_words", status="passed", seconds=0.25),
                build.TestResult(name="test_all", status="failed", message="assert 1 == 2"),
            ),
            omitted=12,
        ),
        build.StepFinished(step=0, result=Result.FAILURE, summary="1 passed, 1 failed"),
        build.BuildFinished(result=Result.FAILURE, summary="test_report: 1 passed, 1 failed"),
        build.ArtifactRemoved(operation_id=operation_id(20), reason="expired"),
    ),
    "log": (
        log.LogOpened(build_id=BUILD, step=0, operation_id=operation_id(0), channel="stdio", label="git fetch"),
        log.LogFinished(size_bytes=12, line_count=2, sha256=DIGEST, truncated=True),
    ),
    "build-that-generates": (
        build.BuildAssigned(
            builder="plan",
            requests=(REQUEST,),
            attempt=1,
            worker="w1",
            fence=3,
            stamps=(STAMP,),
            reason="change on main",
            requested_by="reactor:triggering",
            config_digest=DIGEST,
        ),
        build.StepStarted(step=0, name="plan", program="generate", program_version=1),
        build.OperationRequested(
            operation_id=operation_id(40),
            step=0,
            label="read what was generated",
            worker="w1",
            fence=3,
            spec=operation.ReadGenerated(sha256=DIGEST),
        ),
        build.OperationFinished(
            operation_id=operation_id(40),
            ended=operation.Ended(reason="bad_definition", detail="<stdout of plan>:1:1: a fault", text="{}"),
        ),
    ),
    "build-for-a-pipeline": (
        build.BuildAssigned(
            builder="app:tests",
            requests=(REQUEST,),
            attempt=1,
            worker="w1",
            fence=3,
            stamps=(STAMP,),
            reason="change on main",
            requested_by="reactor:triggering",
            config_digest=DIGEST,
            pipeline=DIGEST,
        ),
    ),
}
