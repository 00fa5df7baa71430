"""The step `test_report`: read test reports and record the results of the tests in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from buildledger.config.fields.field_types import Boolean, RelativePath
from buildledger.config.fields.one_or_several import ONE_OR_SEVERAL
from buildledger.config.references.filling import Filling
from buildledger.config.steps.step import StepBase, StepModel


class TestReportStep(StepBase, frozen=True, kw_only=True, tag="test_report"):
    """Read test reports and record the results of the tests in them."""

    __test__ = False

    files: tuple[str, ...]
    """Patterns, relative to the build's directory."""
    format: Literal["junit", "subunit", "tap"] = "junit"
    failed: Literal["failure", "warnings", "success"] = "failure"
    """What the step comes to if tests have failed."""
    optional: bool = False
    """That there is no report fails nothing."""

    FILE_KEYS: ClassVar = {"files": "test_report"}

    def features(self) -> frozenset[str]:
        """Moving files."""
        return frozenset({"blobs"})


class TestReportModel(StepModel):
    """Read test reports and record the results of the tests in them."""

    __test__: ClassVar = False
    KEY = "test_report"
    STORED = TestReportStep

    test_report: Annotated[list[RelativePath], Field(min_length=1, max_length=64), ONE_OR_SEVERAL]
    """The reports: patterns like those of `files` in an upload."""
    format: Literal["junit", "subunit", "tap"] = "junit"
    """What wrote them."""
    failed: Literal["failure", "warnings", "success"] = "failure"
    """What the step comes to if tests have failed."""
    optional: Boolean = False
    """That there is no report fails nothing."""
    always_run: Boolean = True
    """Read them even after a step that halted the build: what failed there is in them."""

    def resolve(self, filling: Filling, common: Mapping[str, Any]) -> StepBase:
        """The stored step."""
        return TestReportStep(
            **common,
            files=tuple(self.test_report),
            format=self.format,
            failed=self.failed,
            optional=self.optional,
        )

    def default_name(self, filling: Filling) -> str:
        """`test report`."""
        return "test report"


MODEL = TestReportModel
