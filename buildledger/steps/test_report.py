"""Read test reports: one operation keeps them as an artifact, one reads them."""

from __future__ import annotations

from buildledger.config import limits
from buildledger.config.steps.test_report import TestReportStep
from buildledger.events.answers import KEPT_ARTIFACT, REPORT_TOTALS, ReportTotals
from buildledger.events.operation import ReadReports, Upload
from buildledger.events.results import Result
from buildledger.steps.outcome import conclude, told
from buildledger.steps.program import Conclusion, Operation, Program, StepInputs, StepProgram
from buildledger.wording import plural

RESULTS = {"failure": Result.FAILURE, "warnings": Result.WARNINGS, "success": Result.SUCCESS}
"""What a step comes to whose tests have failed, as it is configured."""


def test_report(step: TestReportStep, inputs: StepInputs) -> Program:
    """Have the worker send the reports, read them, and judge by what is in them."""
    del inputs
    upload = Upload(
        path=".",
        artifact=step.name,
        limit_bytes=limits.UPLOAD_DEFAULT_BYTES,
        files=step.files,
        optional=step.optional,
        reports=True,
    )
    sent = yield Operation(label="upload reports", spec=upload)
    assert sent is not None
    if not sent.ok:
        return conclude(sent, upload)
    if not sent.text:
        return Conclusion(result=Result.SUCCESS, summary="no reports")
    kept = told(sent, KEPT_ARTIFACT)
    spec = ReadReports(format=step.format, manifest=kept.sha256)
    read = yield Operation(label=f"read {step.format} reports", spec=spec)
    assert read is not None
    if not read.ok:
        return conclude(read, spec)
    totals = told(read, REPORT_TOTALS)
    bad = totals.failed + totals.errors
    if not (bad or step.optional or totals.passed or totals.skipped):
        # Nobody runs tests to learn that there are none: most likely none were found.
        return Conclusion(result=RESULTS[step.failed], summary=f"no tests in {plural(totals.reports, 'report')}")
    return Conclusion(result=RESULTS[step.failed] if bad else Result.SUCCESS, summary=summary(totals))


def summary(totals: ReportTotals) -> str:
    """`1,234 passed, 2 failed`: what there was of each kind."""
    counts = {
        "passed": totals.passed,
        "failed": totals.failed,
        "errors" if totals.errors != 1 else "error": totals.errors,
        "skipped": totals.skipped,
    }
    said = [f"{count:,} {kind}" for kind, count in counts.items() if count]
    return ", ".join(said) if said else "no tests"


PROGRAM = StepProgram(name="test_report", version=3, start=test_report)
