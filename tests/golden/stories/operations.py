"""What operations tell, for the stories of builds."""

from __future__ import annotations

from buildledger.events import build, operation
from buildledger.events.fact import Fact
from buildledger.events.ids import OperationId
from tests.golden.stories.values import DIGEST, an_id

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


def operation_id(number: int) -> OperationId:
    """The id of the operation with this number."""
    return OperationId(an_id(f"operation {number}"))


def operations() -> list[Fact]:
    """Each of `SPECS` from its request to its end."""
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
        this = operation_id(number)
        facts.append(
            build.OperationRequested(operation_id=this, step=0, label="a label", worker="w1", fence=3, spec=spec)
        )
        facts.append(build.OperationStarted(operation_id=this, mechanism="session"))
        facts.append(build.OperationFinished(operation_id=this, ended=killed if number == 1 else ended))
    return facts


def operations_on_files() -> list[Fact]:
    """Operations on artifacts and reports."""
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
                operation_id=operation_id(number), step=0, label="a label", worker="w1", fence=3, spec=spec
            ),
            build.OperationFinished(
                operation_id=operation_id(number), ended=operation.Ended(reason="exited", text='{"sha256":""}')
            ),
        )
    ]
