"""Bring an artifact into the build's directory: one operation to choose it, and one for each page of it.

Which build's it is stands in the outcome of the first, so that a replay places the same.
"""

from __future__ import annotations

import posixpath

from buildledger.config.evaluation import evaluate
from buildledger.config.steps.download import DownloadStep, Origin
from buildledger.events.answers import FOUND_ARTIFACT
from buildledger.events.operation import Download, EndReason, FindArtifact
from buildledger.events.results import Result
from buildledger.steps.outcome import conclude, told
from buildledger.steps.program import Conclusion, Operation, Program, StepInputs, StepProgram, UnusableStepError


def download(step: DownloadStep, inputs: StepInputs) -> Program:
    """Choose the artifact and have the worker fetch it."""
    name = evaluate.text(step.artifact, inputs.values)
    wanted = _wanted(name, step.origin, inputs)
    found = yield Operation(label=f"find {name}", spec=wanted)
    assert found is not None
    if found.reason == EndReason.NO_FILE and step.optional:
        return Conclusion(result=Result.SUCCESS, summary=f"nothing to get: {found.detail}")
    if not found.ok:
        return conclude(found, wanted)
    chosen = told(found, FOUND_ARTIFACT)
    whose = f"{name} of {chosen.builder} #{chosen.number}"
    path = step.into if chosen.directory else posixpath.join(step.into, posixpath.basename(name))
    for page in range(chosen.pages if chosen.directory else 1):
        spec = Download(
            artifact=name,
            sha256=chosen.sha256,
            path=posixpath.normpath(path),
            directory=chosen.directory,
            size_bytes=0 if chosen.directory else chosen.size_bytes,
            mode=chosen.mode,
            page=page,
        )
        label = f"download {whose}" if chosen.pages <= 1 else f"download {whose}, {page + 1} of {chosen.pages}"
        ended = yield Operation(label=label, spec=spec)
        assert ended is not None
        if not ended.ok:
            return conclude(ended, spec)
    return Conclusion(result=Result.SUCCESS, summary=f"got {whose}")


def _wanted(name: str, origin: Origin, inputs: StepInputs) -> FindArtifact:
    """The operation that finds the artifact on the server.

    Raises:
        EvaluationError: A value isn't known in this build.
        UnusableStepError: A value is nothing that an artifact or a build can be named by.
    """
    if origin.of != "builder":
        return FindArtifact(artifact=name, of=origin.of)
    if origin.number is not None:
        text = evaluate.text(origin.number, inputs.values)
        if not text.isdecimal():
            raise UnusableStepError(f"{text!r} is no build's number")
        return FindArtifact(artifact=name, of="builder", builder=origin.builder, number=int(text))
    branch = inputs.values.build.branch if origin.branch is None else evaluate.text(origin.branch, inputs.values)
    return FindArtifact(artifact=name, of="builder", builder=origin.builder, branch=branch)


PROGRAM = StepProgram(name="download", version=2, start=download)
