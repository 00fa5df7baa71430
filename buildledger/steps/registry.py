"""Which program carries out a step: the `PROGRAM` of the module here that is called like the step's kind."""

from __future__ import annotations

from importlib import import_module

from buildledger.config.steps.kinds import KINDS, Step
from buildledger.config.steps.step import StepBase
from buildledger.steps.program import Execution, StepInputs, StepProgram

PROGRAMS: dict[type[StepBase], StepProgram] = {
    kind.STORED: import_module(f"buildledger.steps.{kind.KEY}").PROGRAM for kind in KINDS
}
"""By what is stored of a step. The list of kinds is in `config/steps/kinds.py`."""


class ProgramChangedError(RuntimeError):
    """The step was started by another version of its program, so replaying it here could do something else."""

    def __init__(self, name: str, started: int, here: int | None) -> None:
        have = "no such program" if here is None else f"version {here}"
        super().__init__(f"step program changed: {name!r} was started in version {started}, this server has {have}")


def program_of(step: Step) -> StepProgram:
    """The program that carries out this step."""
    return PROGRAMS[type(step)]


def begin(step: Step, inputs: StepInputs) -> Execution:
    """Start the program of a step from its beginning; also for a replay."""
    return Execution(program_of(step).start(step, inputs))


def resume(step: Step, inputs: StepInputs, *, program: str, version: int) -> Execution:
    """Start a step again that facts say was started; send it the known answers to bring it where it was.

    Raises:
        ProgramChangedError: The program was changed since then.
    """
    known = program_of(step)
    if (known.name, known.version) != (program, version):
        raise ProgramChangedError(program, version, known.version if known.name == program else None)
    return begin(step, inputs)
