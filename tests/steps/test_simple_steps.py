"""Programs, scripts, uploads and properties."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from buildledger.config import limits
from buildledger.config.evaluation.evaluate import Context
from buildledger.config.steps.run import RunStep
from buildledger.config.steps.script import ScriptStep
from buildledger.config.steps.set_property import SetPropertyStep
from buildledger.config.steps.step import Timeout
from buildledger.config.steps.test_report import TestReportStep
from buildledger.config.steps.upload import UploadStep
from buildledger.config.values import PropertyRef
from buildledger.events.answers import ExposedSecret, KeptArtifact, answer_text
from buildledger.events.operation import Ended, Run, SecretName, Text, Upload
from buildledger.events.results import Result
from buildledger.steps.program import Conclusion, Operation, StepInputs
from buildledger.steps.registry import begin
from buildledger.testing.step_executor import StepExecutor
from tests.steps.programs import INPUTS, STEPS


@pytest.fixture
def executor(tmp_path: Path) -> StepExecutor:
    return StepExecutor(tmp_path / "build")


def asked(name: str) -> Operation:
    request = begin(STEPS[name], INPUTS).request
    assert isinstance(request, Operation)
    return request


def test_a_program_is_one_operation() -> None:
    """Arguments are spread, secrets stay names, and a variable without a value is unset."""
    operation = asked("run")
    assert operation.label == "pytest -q -x"
    assert operation.spec == Run(
        argv=("pytest", "-q", "-x"), env={"TOKEN": SecretName("t")}, unset_env=("HOME",), no_output_seconds=1200
    )


def test_a_script_gets_data_through_variables_only() -> None:
    """The script is what stands in the configuration, to the letter; its label is its first command."""
    operation = asked("script")
    assert operation.label == "make all"
    assert operation.spec == Run(
        script="# say it\nmake all\n", stop_at_failure=True, env={"VERSION": Text("1.2")}, no_output_seconds=1200
    )


def test_timeouts_reach_the_worker() -> None:
    """Both limits of a step are the operation's."""
    timeout = Timeout(no_output_seconds=None, total_seconds=60)
    request = begin(RunStep(name="s", argv=("x",), env={}, timeout=timeout, workdir="sub"), INPUTS).request
    assert isinstance(request, Operation)
    assert request.spec == Run(argv=("x",), no_output_seconds=None, max_seconds=60, cwd="sub")


def test_a_value_that_cannot_be_had_is_an_exception() -> None:
    """Nothing is asked of the worker, and the code under test is not blamed."""
    execution = begin(STEPS["run without its property"], INPUTS)
    assert execution.conclusion is not None
    assert execution.conclusion.result is Result.EXCEPTION
    assert "property 'missing' has no value" in execution.conclusion.summary


def test_really_run(executor: StepExecutor) -> None:
    """A real process's exit code is the step's result, and a script ends with its first command that fails."""
    for script, result in (("exit 0", Result.SUCCESS), ("exit 3", Result.FAILURE), ("false\ntrue", Result.FAILURE)):
        step = ScriptStep(name="s", script=script, env={})
        assert executor.perform(step, INPUTS).conclusion.result is result


def test_upload(executor: StepExecutor) -> None:
    """A file is kept under its own name or another; one that isn't there fails the step."""
    operation = asked("upload")
    assert operation.spec == Upload(path="dist/a.whl", artifact="a.whl", limit_bytes=10)
    (executor.directory / "a").write_text("x")
    step = UploadStep(name="s", path="a", artifact="b", limit_bytes=10)
    assert executor.perform(step, INPUTS).conclusion.summary == "kept b (1 byte)"
    missing = executor.perform(STEPS["upload"], INPUTS).conclusion
    assert (missing.result, missing.summary) == (Result.FAILURE, "there is no such file: a.whl is missing")


def test_an_upload_that_shows_secrets_is_a_warning() -> None:
    """It is kept, and the step names files and secrets."""
    execution = begin(UploadStep(name="s", path="a", artifact="b", limit_bytes=10), INPUTS)
    shown = (ExposedSecret(path="db.yaml", secret="staging-db"), ExposedSecret(path="x", secret="token"))
    kept = KeptArtifact(sha256="ab", size_bytes=5, exposed=shown, exposed_count=1_002)
    execution.answer(Ended(reason="exited", exit_code=0, text=answer_text(kept)))
    assert execution.conclusion == Conclusion(
        result=Result.WARNINGS,
        summary="kept b (5 bytes), which shows secrets: staging-db in db.yaml, token in x, and 1,000 more",
    )


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "C:\\x"])
def test_upload_stays_inside(path: str) -> None:
    """A path that a property holds can't lead out of the build's directory."""
    inputs = StepInputs(values=Context(properties={"p": path}))
    execution = begin(UploadStep(name="s", path=PropertyRef("p"), limit_bytes=10), inputs)
    assert execution.conclusion is not None
    assert execution.conclusion.result is Result.EXCEPTION


def test_a_property_from_a_value_needs_no_operation(executor: StepExecutor) -> None:
    """Nothing is asked of the worker."""
    done = executor.perform(STEPS["set_property"], INPUTS)
    assert (done.operations, done.properties) == ([], {"p": "1.2"})


def test_a_property_from_a_program(executor: StepExecutor) -> None:
    """Its standard output, without white space around it; its errors are for people."""
    argv = ("sh", "-c", "echo noise >&2; printf ' a\\nb \\n'")
    done = executor.perform(SetPropertyStep(name="s", property="p", argv=argv, env={}), INPUTS)
    assert done.properties == {"p": "a\nb"}


def test_a_property_is_left_alone_when_the_program_fails(executor: StepExecutor) -> None:
    """Half an answer is none."""
    argv = ("sh", "-c", "echo half; exit 2")
    done = executor.perform(SetPropertyStep(name="s", property="p", argv=argv, env={}), INPUTS)
    assert (done.properties, done.conclusion.summary) == ({}, "exit code 2")


def test_a_property_has_a_size() -> None:
    """What doesn't fit is refused, not cut."""
    for ended in (
        Ended(reason="exited", exit_code=0, text="x" * (limits.CAPTURED_PROPERTY_CHARACTERS + 1)),
        Ended(reason="exited", exit_code=0, text="x", text_truncated=True),
    ):
        execution = begin(STEPS["set_property from a program"], INPUTS)
        execution.answer(ended)
        assert execution.conclusion is not None
        assert execution.conclusion.result is Result.FAILURE


@pytest.mark.parametrize(
    ("passed", "failed", "optional", "result", "summary"),
    [
        (0, "failure", False, Result.FAILURE, "no tests in 2 reports"),
        (0, "warnings", False, Result.WARNINGS, "no tests in 2 reports"),
        (0, "failure", True, Result.SUCCESS, "no tests"),
        (1, "failure", False, Result.SUCCESS, "1 passed"),
    ],
)
def test_reports_without_a_test(
    passed: int, failed: Literal["failure", "warnings"], optional: bool, result: Result, summary: str
) -> None:
    """Most likely none were found: it counts as tests that have failed do, unless the step is optional."""
    execution = begin(TestReportStep(name="s", files=("*.xml",), failed=failed, optional=optional), INPUTS)
    kept = '{"sha256":"ab","size_bytes":5,"directory":true,"file_count":2}'
    execution.answer(Ended(reason="exited", exit_code=0, text=kept))
    totals = f'{{"reports":2,"passed":{passed},"failed":0,"errors":0,"skipped":0}}'
    execution.answer(Ended(reason="exited", exit_code=0, text=totals))
    assert execution.conclusion is not None
    assert (execution.conclusion.result, execution.conclusion.summary) == (result, summary)
