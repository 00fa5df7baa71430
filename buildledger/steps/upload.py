"""Keep a file or a directory of the build's directory on the server: one operation."""

from __future__ import annotations

from posixpath import basename, normpath

from buildledger.config.evaluation import evaluate
from buildledger.config.steps.step import names_artifact
from buildledger.config.steps.upload import UploadStep
from buildledger.events.answers import KEPT_ARTIFACT, KeptArtifact
from buildledger.events.operation import Upload
from buildledger.events.results import Result
from buildledger.steps.outcome import conclude, told
from buildledger.steps.program import Conclusion, Operation, Program, StepInputs, StepProgram, UnusableStepError
from buildledger.wording import plural

DEFAULT_NAME = "files"
"""Of the build's whole directory, which has no name of its own."""


def upload(step: UploadStep, inputs: StepInputs) -> Program:
    """Have the worker send what there is; what is missing or too large fails the step."""
    path = evaluate.relative_path(step.path, inputs.values)
    own = basename(normpath(path)).strip(".") or DEFAULT_NAME
    name = own if step.artifact is None else evaluate.text(step.artifact, inputs.values)
    check_name(name)
    spec = Upload(path=path, artifact=name, limit_bytes=step.limit_bytes, files=step.files, optional=step.optional)
    ended = yield Operation(label=f"upload {name}", spec=spec)
    assert ended is not None
    if not ended.ok:
        return conclude(ended, spec)
    if not ended.text:
        return Conclusion(result=Result.SUCCESS, summary=f"nothing to keep as {name}")
    kept = told(ended, KEPT_ARTIFACT)
    said = f"kept {name} ({_extent(kept)})"
    if kept.exposed:
        return Conclusion(result=Result.WARNINGS, summary=f"{said}, which shows secrets: {_exposed(kept)}")
    return Conclusion(result=Result.SUCCESS, summary=said)


def check_name(name: str) -> None:
    """Refuse what an artifact can't be called.

    Raises:
        UnusableStepError: It is blank, a directory, or holds control characters.
    """
    if not names_artifact(name):
        raise UnusableStepError(f"an artifact can't be named {name!r}")


def _extent(kept: KeptArtifact) -> str:
    size = plural(kept.size_bytes, "byte")
    return f"{plural(kept.file_count, 'file')}, {size}" if kept.directory else size


def _exposed(kept: KeptArtifact) -> str:
    more = kept.exposed_count - len(kept.exposed)
    named = [f"{each.secret} in {each.path}" for each in kept.exposed]
    return ", ".join([*named, *([f"and {more:,} more"] if more > 0 else [])])


PROGRAM = StepProgram(name="upload", version=4, start=upload)
