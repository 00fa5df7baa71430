"""Reads the test reports that a step has uploaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from posixpath import dirname, join, normpath

import msgspec

from buildledger.events.answers import answer_text
from buildledger.events.build import TestResult, TestsReported
from buildledger.events.ids import BuildId
from buildledger.events.operation import Ended, EndReason, Mask, ReadReports, mask_text
from buildledger.logs.artifacts import ArtifactStore, read_whole
from buildledger.logs.artifacts_manifest import Entry, Manifest
from buildledger.operations.open_operations import ServerOperation
from buildledger.operations.performer import Outcome
from buildledger.reports import limits
from buildledger.reports.bad import BadReportError
from buildledger.reports.gathering import Budget, Totals, parts
from buildledger.reports.reading import read

BINARY = frozenset({"subunit"})
BAD_NAMED_MAX = 10
"""Reports that can't be read and are named, each with its place."""


class ReportReading:
    """Performs `ReadReports`. The outcome's text is the JSON of the totals; the results are facts of their own."""

    def __init__(
        self,
        artifacts: ArtifactStore,
        mask_of: Callable[[BuildId], Mask | None] = lambda build_id: None,
        /,
        *,
        reports_max: int = limits.REPORTS,
        report_max_bytes: int = limits.REPORT_BYTES,
    ) -> None:
        self._artifacts = artifacts
        self._mask_of = mask_of
        self._reports_max = reports_max
        self._report_max_bytes = report_max_bytes

    def perform(self, operation: ServerOperation) -> Outcome:
        """See `Performer`. Reports that can't be read fail the operation, each by its name; all others are recorded."""
        wanted = operation.spec
        assert isinstance(wanted, ReadReports)
        manifest = Manifest.load(self._artifacts, wanted.manifest)
        files = manifest.files
        if len(files) > self._reports_max:
            detail = f"{len(files)} reports; a step may have {self._reports_max}"
            return Outcome(ended=Ended(reason=EndReason.TOO_LARGE, detail=detail))
        mask = self._mask_of(operation.build_id)
        totals, budget = Totals(), Budget()
        facts: list[TestsReported] = []
        bad = [told if mask is None else mask_text(mask, told) for told in _unread_links(manifest)]
        for file in files:
            try:
                results = self._results(file, wanted, mask)
            except BadReportError as error:
                told = f"{file.path}: {error}"
                bad.append(told if mask is None else mask_text(mask, told))
                continue
            totals.add(results)
            facts += _facts(operation, wanted, file.path, len(facts), *budget.admit(results))
        if bad:
            return Outcome(reports=tuple(facts), ended=Ended(reason=EndReason.BAD_REPORT, detail=_listed(bad)))
        ended = Ended(reason=EndReason.EXITED, exit_code=0, text=answer_text(totals.told()))
        return Outcome(reports=tuple(facts), ended=ended)

    def _results(self, file: Entry, wanted: ReadReports, mask: Mask | None) -> Sequence[TestResult]:
        if file.size > self._report_max_bytes:
            raise BadReportError(f"{file.size} bytes; a report may have {self._report_max_bytes}")
        data = read_whole(self._artifacts, file.sha256)
        if mask is None:
            return read(wanted.format, data)
        # Before texts are cut, or the part of a secret would stay; a binary report can't be changed.
        results = read(wanted.format, data if wanted.format in BINARY else mask(data))
        return [_masked(result, mask) for result in results]


def _unread_links(manifest: Manifest) -> Iterator[str]:
    """What is to be said of links that match and lead to nothing that is read: their tests would be missing."""
    found = {entry.path for entry in manifest.entries}
    for link in manifest.entries:
        if link.type == "link" and normpath(join(dirname(link.path), link.target)) not in found:
            yield f"{link.path}: a link, which isn't read; what it leads to ({link.target}) isn't among the reports"


def _masked(result: TestResult, mask: Mask) -> TestResult:
    return msgspec.structs.replace(
        result,
        name=mask_text(mask, result.name),
        suite=mask_text(mask, result.suite),
        message=mask_text(mask, result.message),
    )


def _listed(bad: Sequence[str]) -> str:
    more = len(bad) - BAD_NAMED_MAX
    return "; ".join([*bad[:BAD_NAMED_MAX], *([f"and {more} more"] if more > 0 else [])])


def _facts(
    operation: ServerOperation,
    wanted: ReadReports,
    path: str,
    first_part: int,
    results: Sequence[TestResult],
    omitted: int,
) -> Iterator[TestsReported]:
    for number, piece in enumerate(parts(results)):
        yield TestsReported(
            operation_id=operation.operation_id,
            step=operation.step,
            report=path,
            part=first_part + number,
            format=wanted.format,
            results=piece,
            omitted=0 if number else omitted,
        )
