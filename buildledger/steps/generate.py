"""Have a program write builders, and request them: one operation runs it, one checks what it has written."""

from __future__ import annotations

import shlex
from hashlib import sha256

import msgspec

from buildledger.config import limits
from buildledger.config.evaluation import evaluate
from buildledger.config.steps.generate import GenerateStep
from buildledger.events.answers import GENERATED
from buildledger.events.operation import ReadGenerated
from buildledger.events.results import Result
from buildledger.steps.command import command, label
from buildledger.steps.outcome import conclude, told
from buildledger.steps.program import Conclusion, Operation, Program, RequestBuilds, StepInputs, StepProgram
from buildledger.wording import plural


def generate(step: GenerateStep, inputs: StepInputs) -> Program:
    """Request what the program writes, all of it or, if anything in it is wrong, nothing."""
    argv = evaluate.argv(step.argv, inputs.values)
    made = command(
        step.env, step.workdir, step.timeout, inputs, argv=argv, capture_bytes=limits.PIPELINE_BYTES, merge_stderr=False
    )
    spec = msgspec.structs.replace(made, log_limit_bytes=limits.GENERATED_LOG_BYTES)
    ended = yield Operation(label=label(shlex.join(argv)), spec=spec)
    assert ended is not None
    if not ended.ok:
        return conclude(ended, spec)
    if ended.text_truncated:
        most = f"more than {limits.PIPELINE_BYTES} bytes on its standard output"
        return Conclusion(result=Result.FAILURE, summary=f"nothing is built of what it generated: {most}")
    reading = ReadGenerated(sha256=sha256(ended.text.encode()).hexdigest())
    read = yield Operation(label="read what was generated", spec=reading)
    assert read is not None
    if not read.ok:
        return conclude(read, reading)
    generated = told(read, GENERATED)
    if not generated.builders:
        return Conclusion(result=Result.SUCCESS, summary="no builders generated, so nothing is built")
    yield RequestBuilds(pipeline=generated.pipeline, builders=generated.builders)
    return Conclusion(result=Result.SUCCESS, summary=f"{plural(len(generated.builders), 'builder')} generated")


PROGRAM = StepProgram(name="generate", version=1, start=generate)
