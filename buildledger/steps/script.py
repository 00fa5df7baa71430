"""Run a shell script: one operation."""

from __future__ import annotations

from buildledger.config.steps.naming import first_command
from buildledger.config.steps.script import ScriptStep
from buildledger.steps.command import command, label
from buildledger.steps.outcome import conclude
from buildledger.steps.program import Operation, Program, StepInputs, StepProgram


def script(step: ScriptStep, inputs: StepInputs) -> Program:
    """Run the script in the worker's shell until a command fails, and take its exit code for the result."""
    spec = command(step.env, step.workdir, step.timeout, inputs, script=step.script)
    ended = yield Operation(label=label(first_command(step.script)), spec=spec)
    assert ended is not None
    return conclude(ended, spec)


PROGRAM = StepProgram(name="script", version=3, start=script)
