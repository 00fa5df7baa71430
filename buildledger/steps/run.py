"""Run a program with arguments: one operation."""

from __future__ import annotations

import shlex

from buildledger.config.evaluation import evaluate
from buildledger.config.steps.run import RunStep
from buildledger.steps.command import command, label
from buildledger.steps.outcome import conclude
from buildledger.steps.program import Operation, Program, StepInputs, StepProgram


def run(step: RunStep, inputs: StepInputs) -> Program:
    """Start the program and take its exit code for the result."""
    argv = evaluate.argv(step.argv, inputs.values)
    spec = command(step.env, step.workdir, step.timeout, inputs, argv=argv)
    ended = yield Operation(label=label(shlex.join(argv)), spec=spec)
    assert ended is not None
    return conclude(ended, spec)


PROGRAM = StepProgram(name="run", version=2, start=run)
