"""`reports` of a step that runs a program: test reports that it writes, short for `test_report` steps after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from buildledger.config.fields.field_types import RelativePath
from buildledger.config.fields.one_or_several import ONE_OR_SEVERAL
from buildledger.config.fields.strict import Strict
from buildledger.config.steps.step import ProcessModel, StepModel
from buildledger.config.steps.test_report import TestReportModel

Patterns = Annotated[list[RelativePath], Field(min_length=1, max_length=64), ONE_OR_SEVERAL]


class ReportsModel(Strict):
    """Test reports that a step's program writes."""

    junit: Patterns | None = None
    """JUnit XML: patterns like those of `test_report`."""
    subunit: Patterns | None = None
    """Streams of subunit v2."""
    tap: Patterns | None = None
    """The Test Anything Protocol."""


class ReportingModel(ProcessModel):
    """What all steps have that run a program which may test something."""

    unbuilt: ClassVar = StepModel.unbuilt - {"reports"}

    reports: ReportsModel | None = None
    """Test reports that it writes: short for a `test_report` after it, even if it fails; under the same `when`."""

    def followed_by(self) -> Sequence[StepModel]:
        """A step for each kind of report."""
        if self.reports is None:
            return ()
        found = {kind: getattr(self.reports, kind) for kind in ReportsModel.model_fields}
        common: dict[str, Any] = {"when": self.when}
        return tuple(
            TestReportModel.model_construct(test_report=files, format=kind, **common)
            for kind, files in found.items()
            if files is not None
        )
