"""Keep a file of the build's directory on the server: one operation."""

from __future__ import annotations

from posixpath import basename, normpath

from buildledger.config import evaluate
from buildledger.config.resolved import UploadStep
from buildledger.events.operation import Upload
from buildledger.steps.outcome import conclude
from buildledger.steps.program import Operation, Program, StepInputs, UnusableStepError


def upload(step: UploadStep, inputs: StepInputs) -> Program:
    """Have the worker send the file; one that is missing or too large fails the step."""
    path = evaluate.relative_path(step.path, inputs.values)
    name = basename(normpath(path)) if step.artifact is None else evaluate.text(step.artifact, inputs.values)
    if name in ("", ".") or any(ord(character) < ord(" ") for character in name):
        raise UnusableStepError(f"an artifact can't be named {name!r}")
    spec = Upload(path=path, artifact=name, limit_bytes=step.limit_bytes)
    ended = yield Operation(label=f"upload {name}", spec=spec)
    assert ended is not None
    return conclude(ended, spec, success=f"kept {name}")
