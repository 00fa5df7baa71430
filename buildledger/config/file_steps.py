"""Steps of the file that move files: what they refer to, and how they are expanded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, assert_never

from buildledger.config import resolved_steps
from buildledger.config import step_models as models
from buildledger.config.problems import Path, did_you_mean, listed
from buildledger.config.scopes import NUMBERS, TEXTS, Place, Scope

if TYPE_CHECKING:
    from buildledger.config.steps import Filling


def check_download(scope: Scope, path: Path, step: models.Download, builders: Collection[str]) -> None:
    """Check the builder whose artifact is wanted, and the values."""
    scope.check((*path, "download"), step.download, Place.STEP, TEXTS)
    wanted = step.from_
    if not isinstance(wanted, models.FromBuilder):
        return
    if wanted.builder.partition("[")[0] not in builders:
        message = f"there is no builder '{wanted.builder}'{did_you_mean(wanted.builder, builders)}"
        scope.document.add("unknown-builder", (*path, "from", "builder"), message, f"builders: {listed(builders)}")
    if wanted.branch is not None and wanted.number is not None:
        message = "'branch' means something only without 'number'"
        scope.document.add("download", (*path, "from", "branch"), message, "take one of them out", at_key=True)
    scope.check((*path, "from", "branch"), wanted.branch, Place.STEP, TEXTS)
    scope.check((*path, "from", "number"), wanted.number, Place.STEP, TEXTS | NUMBERS)


def expand(
    step: models.Upload | models.Download | models.TestReport, filling: Filling, common: Mapping[str, Any]
) -> resolved_steps.Step:
    """The step of one cell."""
    match step:
        case models.Upload():
            return resolved_steps.UploadStep(
                **common,
                path=filling.text(step.upload),
                files=tuple(step.files),
                artifact=None if step.to is None else filling.text(step.to),
                limit_bytes=step.limit,
                optional=step.optional,
            )
        case models.Download():
            return resolved_steps.DownloadStep(
                **common,
                artifact=filling.text(step.download),
                origin=_origin(step.from_, filling),
                into=step.into,
                optional=step.optional,
            )
        case models.TestReport():
            return resolved_steps.TestReportStep(
                **common,
                files=tuple(step.test_report),
                format=step.format,
                failed=step.failed,
                optional=step.optional,
            )
        case _:
            assert_never(step)


def _origin(wanted: str | models.FromBuilder, filling: Filling) -> resolved_steps.Origin:
    if isinstance(wanted, models.FromBuilder):
        return resolved_steps.Origin(
            of="builder",
            builder=wanted.builder,
            branch=None if wanted.branch is None else filling.text(wanted.branch),
            number=None if wanted.number is None else filling.text(wanted.number),
        )
    return resolved_steps.Origin(of="parent" if wanted == "parent" else "build")
