"""THE list of step programs: which one a configured step is, and which version of it this server has."""

from __future__ import annotations

import msgspec

from buildledger.config.resolved_steps import (
    CheckoutStep,
    DownloadStep,
    RunStep,
    ScriptStep,
    SetPropertyStep,
    Step,
    TestReportStep,
    UploadStep,
)
from buildledger.steps.checkout import checkout
from buildledger.steps.download import download
from buildledger.steps.program import Execution, Start, StepInputs
from buildledger.steps.run import run, script
from buildledger.steps.set_property import set_property
from buildledger.steps.test_report import test_report
from buildledger.steps.upload import upload


class StepProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A program under the name and version that `build.step_started.v1` holds."""

    name: str
    version: int
    """Raised whenever the program would ask for something else than before, given the same."""
    start: Start


PROGRAMS: dict[type[Step], StepProgram] = {
    CheckoutStep: StepProgram(name="checkout", version=1, start=checkout),
    RunStep: StepProgram(name="run", version=1, start=run),
    ScriptStep: StepProgram(name="script", version=1, start=script),
    UploadStep: StepProgram(name="upload", version=2, start=upload),
    DownloadStep: StepProgram(name="download", version=1, start=download),
    TestReportStep: StepProgram(name="test_report", version=1, start=test_report),
    SetPropertyStep: StepProgram(name="set_property", version=1, start=set_property),
}


class ProgramChangedError(RuntimeError):
    """The step was started by another version of its program, so replaying it here could do something else."""

    def __init__(self, name: str, started: int, here: int | None) -> None:
        have = "no such program" if here is None else f"version {here}"
        super().__init__(f"step program changed: {name!r} was started in version {started}, this server has {have}")


def program_of(step: Step) -> StepProgram:
    """The program that carries out this step."""
    return PROGRAMS[type(step)]


def begin(step: Step, inputs: StepInputs) -> Execution:
    """Start a step from its beginning."""
    return Execution(program_of(step).start(step, inputs))


def resume(step: Step, inputs: StepInputs, *, program: str, version: int) -> Execution:
    """Start a step again that facts say was started; send it the known answers to bring it where it was.

    Raises: ProgramChangedError.
    """
    known = program_of(step)
    if (known.name, known.version) != (program, version):
        raise ProgramChangedError(program, version, known.version if known.name == program else None)
    return begin(step, inputs)
