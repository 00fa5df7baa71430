"""Give the build a property: from a value (no operation) or from what a program writes (one)."""

from __future__ import annotations

import shlex

from buildledger.config import limits
from buildledger.config.evaluation import evaluate
from buildledger.config.steps.set_property import SetPropertyStep
from buildledger.events.results import Result
from buildledger.steps.command import command, label
from buildledger.steps.outcome import conclude
from buildledger.steps.program import Conclusion, Operation, Program, SetProperty, StepInputs, StepProgram

CAPTURE_BYTES = 4 * limits.CAPTURED_PROPERTY_CHARACTERS
"""The longest text allowed, in the widest characters."""


def set_property(step: SetPropertyStep, inputs: StepInputs) -> Program:
    """Set the property; a program that fails, or writes more than a property holds, leaves it alone."""
    if step.argv is None:
        assert step.value is not None
        yield SetProperty(name=step.property, value=evaluate.value(step.value, inputs.values))
        return Conclusion(result=Result.SUCCESS, summary=f"{step.property} set")
    argv = evaluate.argv(step.argv, inputs.values)
    spec = command(
        step.env, step.workdir, step.timeout, inputs, argv=argv, capture_bytes=CAPTURE_BYTES, merge_stderr=False
    )
    ended = yield Operation(label=label(shlex.join(argv)), spec=spec)
    assert ended is not None
    if not ended.ok:
        return conclude(ended, spec)
    text = ended.text.strip()
    if ended.text_truncated or len(text) > limits.CAPTURED_PROPERTY_CHARACTERS:
        most = limits.CAPTURED_PROPERTY_CHARACTERS
        return Conclusion(result=Result.FAILURE, summary=f"{step.property} not set: more than {most} characters")
    yield SetProperty(name=step.property, value=text)
    return Conclusion(result=Result.SUCCESS, summary=f"{step.property} set")


PROGRAM = StepProgram(name="set_property", version=2, start=set_property)
