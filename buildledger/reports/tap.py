"""The Test Anything Protocol: versions 12 to 14, of which the tests at the top level count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace
from tap.parser import Parser

from buildledger.events.build import TestResult
from buildledger.reports import limits, texts
from buildledger.reports.bad import BadReportError
from buildledger.wording import plural


class _Document:
    """A report as its lines come in."""

    def __init__(self) -> None:
        self.results: list[TestResult] = []
        self.planned: int | None = None
        self.skipped: str | None = None
        """Why a plan of no tests says that all are skipped."""
        self.bailed: str | None = None
        self._said: list[str] = []
        """What follows the last test: diagnostics and its YAML block."""

    def take(self, line: str) -> None:
        """Take one line in.

        Raises:
            ValueError
        """
        # The parser is asked line by line, so that it follows no YAML.
        parsed = Parser().parse_line(line)
        match parsed.category:
            case "test":
                self.settle()
                self.results.append(_result(parsed))
            case "plan":
                self.planned = parsed.expected_tests
                self.skipped = str(parsed.directive.reason or "") if parsed.skip else None
            case "bail":
                self.bailed = parsed.reason
            case "diagnostic":
                self._said.append(line.lstrip("# "))
            case "unknown" if line.startswith(" ") and line.strip() not in ("---", "..."):
                self._said.append(line)

    def settle(self) -> None:
        """Give the last test the text that followed it."""
        if self.results and self.results[-1].status == "failed":
            last = self.results[-1]
            self.results[-1] = replace(last, message=texts.message(last.message, "\n".join(self._said)))
        self._said = []

    def missing(self) -> Iterator[TestResult]:
        """What stands for tests that aren't there: skipped all, given up, or an error where they should be.

        A stream without a plan is one that broke off before its end.
        """
        if self.bailed is not None:
            yield TestResult(name="Bail out!", status="error", message=texts.message(self.bailed))
        elif self.planned is not None and self.planned != len(self.results):
            text = f"planned: {plural(self.planned, 'test')}; reported: {len(self.results)}"
            yield TestResult(name="plan", status="error", message=text)
        elif self.planned is None:
            text = "there is no plan, so it can't be told whether all tests have run"
            yield TestResult(name="plan", status="error", message=text)
        elif self.planned == 0 and self.skipped is not None:
            yield TestResult(name="plan", status="skipped", message=texts.message(self.skipped))


def read(data: bytes) -> Sequence[TestResult]:
    """The tests of a report, and an error for those that were planned and didn't run.

    Raises:
        BadReportError
    """
    document = _Document()
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        try:
            document.take(line[: limits.LINE_CHARACTERS].rstrip())
        except (ValueError, OverflowError) as error:
            raise BadReportError(str(error), f"line {number}") from None
    document.settle()
    if not document.results and document.planned is None and document.bailed is None:
        raise BadReportError("no test and no plan in it: this isn't TAP", "line 1")
    return [*document.results, *document.missing()]


def _result(test: object) -> TestResult:
    ok, skip, todo = (bool(getattr(test, name)) for name in ("ok", "skip", "todo"))
    description = str(getattr(test, "description", "") or "").strip().lstrip("-").strip()
    directive = getattr(test, "directive", None)
    reason = str(getattr(directive, "reason", "") or "")
    return TestResult(
        name=texts.name(description) or f"test {getattr(test, 'number', None) or ''}".strip(),
        status="skipped" if skip or todo else "passed" if ok else "failed",
        message=texts.message(reason) if skip or todo else "",
    )
