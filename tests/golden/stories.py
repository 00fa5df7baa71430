"""What the recorded histories tell: together they hold a fact of every name in the catalogue, with every field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from buildledger.events import (
    build,
    change,
    config,
    log,
    machine,
    operation,
    person,
    pipeline,
    projection,
    request,
    seal,
    server,
    worker,
)
from buildledger.events.fact import Fact
from buildledger.events.ids import (
    NAMESPACE,
    BuildId,
    ChangeId,
    ClaimId,
    OperationId,
    RequestId,
    ServerId,
    WordsId,
)
from buildledger.events.results import Result


def an_id(name: str) -> UUID:
    """An id that stands for `name` in the stories."""
    return uuid5(NAMESPACE, f"golden {name}")


AT = datetime(2026, 1, 1, 11, 59, 58, 123456, tzinfo=UTC)
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
CLAIM = ClaimId(an_id("claim"))
BUILD = BuildId(an_id("build"))
SERVER = ServerId(an_id("server"))
REQUEST = RequestId(an_id("request"))
CHANGE = ChangeId(an_id("change"))
STAMP = request.SourceStamp(source="app", repository="https://example.org/app.git", branch="main", revision="a" * 40)

SPECS: tuple[operation.OperationSpec, ...] = (
    operation.Run(
        argv=("pytest", "-q", "naïve 😀"),
        cwd="app",
        env={"CI": operation.Text("1"), "TOKEN": operation.SecretName("registry")},
        unset_env=("DISPLAY",),
        stdin="yes\n",
        no_output_seconds=600.5,
        max_seconds=3600.0,
        grace_seconds=5.0,
        log_limit_bytes=1 << 20,
        merge_stderr=False,
        capture_bytes=4096,
    ),
    operation.Run(script="set -e\nmake\n", no_output_seconds=None),
    operation.MakeDirectory(path="app"),
    operation.Remove(path="app/old"),
    operation.Copy(source="a", target="b"),
    operation.Stat(path="app/.git"),
    operation.WriteFile(path="run.sh", text="#!/bin/sh\n", executable=True),
    operation.Upload(path="dist/app.whl", artifact="wheel", limit_bytes=1 << 30),
)


def _operation_id(number: int) -> OperationId:
    return OperationId(an_id(f"operation {number}"))


def _operations() -> list[Fact]:
    ended = operation.Ended(
        reason="exited",
        exit_code=0,
        detail="",
        text="captured\n",
        text_truncated=True,
        survivors_killed=2,
        outputs=(operation.OutputTotal(channel="stdio", size_bytes=12, line_count=2, sha256=DIGEST),),
        duration_seconds=1.25,
    )
    killed = operation.Ended(reason="no_output", signal=9, detail="no output for 600.5 s")
    facts: list[Fact] = []
    for number, spec in enumerate(SPECS):
        this = _operation_id(number)
        facts.append(
            build.OperationRequested(operation_id=this, step=0, label="a label", worker="w1", fence=3, spec=spec)
        )
        facts.append(build.OperationStarted(operation_id=this, mechanism="session"))
        facts.append(build.OperationFinished(operation_id=this, ended=killed if number == 1 else ended))
    return facts


def _files() -> list[Fact]:
    specs: tuple[operation.OperationSpec, ...] = (
        operation.Upload(path="dist", artifact="dist", limit_bytes=1 << 30, files=("*.whl", "**/*.txt"), optional=True),
        operation.Upload(path="tool", artifact="tool", limit_bytes=1 << 30),
        operation.FindArtifact(artifact="dist", of="builder", builder="package", number=12, branch="main"),
        operation.Download(
            artifact="tool", sha256=DIGEST, path="bin/tool", directory=True, size_bytes=7, mode=0o755, page=2
        ),
        operation.ReadReports(format="junit", manifest=DIGEST),
    )
    return [
        fact
        for number, spec in enumerate(specs, 20)
        for fact in (
            build.OperationRequested(
                operation_id=_operation_id(number), step=0, label="a label", worker="w1", fence=3, spec=spec
            ),
            build.OperationFinished(
                operation_id=_operation_id(number), ended=operation.Ended(reason="exited", text='{"sha256":""}')
            ),
        )
    ]


STORIES: dict[str, tuple[Fact, ...]] = {
    "change-of-the-first-version": (
        change.ChangeRecordedV1(
            source="app",
            repository="https://example.org/app.git",
            branch="main",
            revision="a" * 40,
            parents=("b" * 40, "c" * 40),
            author=CLAIM,
            committer=CLAIM,
            co_authors=(ClaimId(an_id("other claim")),),
            committed_at=AT,
            words_id=WordsId(an_id("words")),
            files=(change.FileChange("src/naïve.py"), change.FileChange("odd\\xff", "deleted")),
            file_count=3,
            link="https://example.org/app/commit/aaa",
            historic=True,
        ),
    ),
    "change": (
        change.ChangeRecorded(
            source="app",
            repository="https://example.org/app.git",
            branch="main",
            revision="a" * 40,
            parents=("b" * 40, "c" * 40),
            author=CLAIM,
            committer=CLAIM,
            co_authors=(ClaimId(an_id("other claim")),),
            committed_at=AT,
            words_id=WordsId(an_id("words")),
            words_digest=DIGEST,
            files=(change.FileChange("src/naïve.py"), change.FileChange("odd\\xff", "deleted")),
            file_count=3,
            link="https://example.org/app/commit/aaa",
            historic=True,
        ),
    ),
    "default-branch": (
        change.DefaultBranchChanged(source="app", branch="main"),
        change.BranchMoved(source="app", branch="main", revision="a" * 40, change_count=4, initial=True),
        change.DefaultBranchChanged(source="app", branch="trunk", previous="main"),
        change.DefaultBranchChanged(source="app", branch=None, previous="trunk"),
        change.DefaultBranchChanged(source="app", branch="trunk"),
    ),
    "source": (
        change.BranchMoved(source="app", branch="main", revision="a" * 40, change_count=4, initial=True),
        change.SourceFailed(source="app", cause="network", detail="could not resolve host"),
        change.SourceRecovered(source="app"),
        change.BranchMoved(
            source="app",
            branch="main",
            previous="a" * 40,
            revision="d" * 40,
            forced=True,
            changes=(CHANGE,),
            change_count=1,
        ),
        change.BranchMoved(source="app", branch="topic", revision="e" * 40),
        change.BranchMoved(source="app", branch="topic", previous="e" * 40, revision=None),
    ),
    "request": (
        request.RequestSubmitted(
            builder="tests[3.12,linux]",
            stamps=(STAMP, request.SourceStamp(source="lib", repository="../lib", branch="main")),
            changes=(CHANGE,),
            reason="change on main",
            trigger="triggers[0]",
            requested_by="reactor:triggering",
            priority=5,
            inputs={"level": 3, "fast": True, "names": ["a", None, 1.5]},
            config_digest=DIGEST,
            collapse_key="app main",
            parent_build=BUILD,
            rebuild_of=BUILD,
        ),
        request.RequestPrioritised(priority=-1),
        request.RequestClaimed(build_id=BUILD, attempt=1),
        request.RequestReturned(build_id=BUILD, reason="worker lost"),
        request.RequestClaimed(build_id=BuildId(an_id("second build")), attempt=2),
        request.RequestFinished(result=Result.WARNINGS, build_id=BuildId(an_id("second build")), reason="built"),
    ),
    "request-of-the-first-version": (
        request.RequestSubmittedV1(
            builder="tests",
            source="app",
            repository="https://example.org/app.git",
            branch="main",
            revision="a" * 40,
            changes=(CHANGE,),
            reason="forced",
            requested_by="user:1",
        ),
        request.RequestCollapsed(into=REQUEST),
    ),
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
        *_operations(),
        build.PropertySet(name="version", value={"major": 1, "tags": ["a"]}, origin="checkout"),
        build.RevisionObtained(source="app", revision="a" * 40),
        build.ArtifactStored(name="wheel", size_bytes=7, sha256=DIGEST, operation_id=_operation_id(7)),
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
            operation_id=_operation_id(30),
            step=0,
            label="make",
            worker="w1",
            fence=3,
            spec=operation.Run(script="make\nmake install\n", stop_at_failure=True),
        ),
        build.OperationFinished(
            operation_id=_operation_id(30), ended=operation.Ended(reason="exited", exit_code=2, detail="")
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
        *_files(),
        build.ArtifactStored(
            name="dist",
            size_bytes=1 << 20,
            sha256=DIGEST,
            operation_id=_operation_id(20),
            directory=True,
            file_count=3,
        ),
        build.ArtifactStored(name="tool", size_bytes=7, sha256=DIGEST, operation_id=_operation_id(21), mode=0o755),
        build.TestsReported(
            operation_id=_operation_id(24),
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
        build.ArtifactRemoved(operation_id=_operation_id(20), reason="expired"),
    ),
    "log": (
        log.LogOpened(build_id=BUILD, step=0, operation_id=_operation_id(0), channel="stdio", label="git fetch"),
        log.LogFinished(size_bytes=12, line_count=2, sha256=DIGEST, truncated=True),
    ),
    "worker": (
        worker.WorkerEnrolled(worker="w1", credential_digest=DIGEST),
        worker.WorkerConnected(
            worker="w1",
            epoch=1,
            server_id=SERVER,
            boot_id="boot",
            instance_id="instance",
            version="0.1.0",
            os="linux",
            arch="x86_64",
            labels={"python": "3.12"},
            capacity=2,
            features=("journal",),
            address="127.0.0.1",
        ),
        worker.WorkerPausedV1(reason="maintenance"),
        worker.WorkerDisconnected(epoch=1, reason="silent"),
        worker.WorkerLost(epoch=1),
        worker.WorkerResumed(),
        worker.WorkerRevoked(reason="stolen"),
    ),
    "credential": (
        worker.WorkerEnrolled(
            worker="w1", credential_digest=DIGEST, serial="0a1b", public_key="a2V5", expires_at=AT + timedelta(days=1)
        ),
        worker.WorkerCredentialRotated(
            worker="w1",
            credential_digest=DIGEST[::-1],
            serial="0a1c",
            public_key="a2V5Mg==",
            expires_at=AT + timedelta(days=2),
            previous_digest=DIGEST,
            previous_expires_at=AT + timedelta(hours=13),
        ),
        worker.WorkerCredentialExpired(worker="w1", credential_digest=DIGEST[::-1]),
    ),
    "missing-worker": (
        worker.WorkerMissing(worker="w1", epoch=1, since=AT),
        worker.WorkerReturned(worker="w1", epoch=2),
    ),
    "worker-pauses": (
        worker.WorkerPausedV1(reason="the worker asked to drain: terminated"),
        worker.WorkerResumed(),
        worker.WorkerPaused(by=worker.PausedBy.WORKER, reason="the worker asked to drain: terminated"),
        worker.WorkerResumed(),
        worker.WorkerPaused(by=worker.PausedBy.PERSON),
    ),
    "worker-contradicts": (
        worker.WorkerLedgerContradicted(worker="w1", head_position=812, head_digest=DIGEST, ledger_position=640),
    ),
    "enrollment": (
        worker.EnrollmentIssued(token_digest=DIGEST, worker="w1", expires_at=AT),
        worker.EnrollmentUsed(worker="w1"),
    ),
    "machine": (
        machine.MachineStartRequested(
            worker="w2", start=1, settings='{"driver":"local"}', reason="1 build of tests waits"
        ),
        machine.MachineStarted(worker="w2", start=1, place="process 4711"),
        machine.MachineIdle(worker="w2", start=1),
        machine.MachineIdle(worker="w2", start=1, after=BUILD),
        machine.MachineStopRequested(worker="w2", start=1, reason="idle for 10m"),
        machine.MachineStopped(worker="w2", start=1, reason="exited with 0"),
        machine.MachineStartRequested(worker="w2", start=2, settings='{"driver":"local"}', reason="1 build waits"),
        machine.MachineStartFailed(worker="w2", start=2, reason="exited with 2"),
        machine.MachineQuarantined(worker="w2", until=AT, failures=1, reason="exited with 2"),
        machine.MachineStopped(worker="w2", start=2, reason="exited with 2"),
        machine.MachineReleased(worker="w2", reason="the time is over"),
    ),
    "config-restored": (
        config.ConfigApplied(
            revision=3, digest=DIGEST, text="{}", origin="ci.yaml", plan=("- builder",), message="as before", restores=1
        ),
    ),
    "config": (
        config.ConfigApplied(revision=1, digest=DIGEST, text='{"builders":{}}', origin="ci.yaml", plan=("+ builder",)),
        config.ConfigEffectFailed(revision=1, component="poller app", detail="no such directory"),
    ),
    "pipeline": (pipeline.PipelineDefined(source="app", digest=DIGEST, text='{"builders":{}}'),),
    "pipeline-of-a-step": (pipeline.PipelineDefined(source="", builder="plan", digest=DIGEST, text='{"builders":{}}'),),
    "pipeline-of-a-revision": (
        pipeline.PipelineMissing(source="app", revision="a" * 40, path=".buildledger.yaml", config_digest=DIGEST),
        pipeline.PipelineRejected(
            source="app",
            revision="a" * 40,
            path=".buildledger.yaml",
            config_digest=DIGEST,
            file_digest=DIGEST,
            problems=(
                pipeline.PipelineProblem(
                    line=7,
                    column=3,
                    code="grant",
                    message="'worker' isn't granted",
                    hint="take it out",
                    severity="error",
                ),
                pipeline.PipelineProblem(line=9, column=1, code="shell-syntax", message="a *", severity="warning"),
            ),
        ),
        pipeline.PipelineRead(
            source="app",
            revision="a" * 40,
            path=".buildledger.yaml",
            config_digest=DIGEST,
            file_digest=DIGEST,
            pipeline=DIGEST,
            builders=("app:tests",),
        ),
    ),
    "request-for-a-pipeline": (
        request.RequestSubmitted(
            builder="app:tests",
            stamps=(STAMP,),
            reason="change on main",
            requested_by="reactor:triggering",
            config_digest=DIGEST,
            pipeline=DIGEST,
        ),
    ),
    "request-of-a-step": (
        request.RequestSubmitted(
            builder="plan:tests",
            stamps=(STAMP,),
            changes=(CHANGE,),
            reason="generated by plan",
            requested_by="reactor:triggering",
            config_digest=DIGEST,
            pipeline=DIGEST,
            parent_build=BUILD,
            parent_step=2,
        ),
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
            operation_id=_operation_id(40),
            step=0,
            label="read what was generated",
            worker="w1",
            fence=3,
            spec=operation.ReadGenerated(sha256=DIGEST),
        ),
        build.OperationFinished(
            operation_id=_operation_id(40),
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
    "claim-of-the-first-version": (
        person.ClaimRecordedV1(kind="git.author", namespace="example", words_id=WordsId(an_id("name"))),
    ),
    "claim": (
        person.ClaimRecorded(
            kind="git.author", namespace="example", words_id=WordsId(an_id("name")), words_digest=DIGEST
        ),
    ),
    "server-lost": (
        server.ServerStarted(version="0.1.0", roles=("api", "gateway"), host="host-1"),
        server.ServerLost(reason="no sign of life for 5 s"),
        server.ServerStarted(version="0.1.0", roles=("api", "gateway"), host="host-1"),
    ),
    "reader": (
        projection.ProjectionSkipped(
            reader="status",
            reader_version=9,
            position=17,
            fact="build.operation_finished.v1",
            reason="OverflowError: Python int too large to convert to SQLite INTEGER",
        ),
    ),
    "seal": (
        seal.SealMade(
            heads=(seal.HeadDigest(size=7, sha256="0a" * 32),),
            commands_from=0,
            commands_before=7,
            command_count=1,
            commands_sha256="0b" * 32,
        ),
    ),
    "server": (
        server.ServerStarted(version="0.1.0", roles=("api", "gateway"), host="host-1"),
        server.ServerStopped(reason="asked to"),
    ),
}
