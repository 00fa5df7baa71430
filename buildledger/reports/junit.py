"""JUnit XML, as pytest, Maven, Gradle, Jest, go-junit-report and many others write it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import junitparser
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from buildledger.events.build import TestResult
from buildledger.reports import limits, texts
from buildledger.reports.bad import BadReportError

_PLACE = re.compile(r": line \d+, column \d+$")
_BAD_STATUS = frozenset({"fail", "failed", "failure", "error", "errored"})
"""What some writers say of a test only in its attribute `status`."""
_COUNTS = {"failures": "failed", "errors": "error"}
"""Attributes of suites that count tests, and what became of those."""


def read(data: bytes) -> Sequence[TestResult]:
    """The test cases of all suites.

    Raises:
        BadReportError
    """
    try:
        # Its annotations speak of its own elements where it takes and gives those of the standard library.
        root: Any = junitparser.JUnitXml.fromroot(_parse(data))  # type: ignore[arg-type]
    except junitparser.JUnitXmlError:
        raise BadReportError(
            "this XML is no JUnit report: it begins with neither <testsuites> nor <testsuite>"
        ) from None
    if isinstance(root, junitparser.TestSuite):
        return list(_of_suite(root, 1))
    # tests outside of any suite, as Node.js reports those of a file's top level
    results = [_result(case, "") for case in root.iterchildren(junitparser.TestCase)]
    results += [result for suite in root for result in _of_suite(suite, 1)]
    return [*results, *_not_listed(root, results)]


def _parse(data: bytes) -> Element:
    """The document. Entities and what stands elsewhere aren't followed."""
    try:
        root: Element = fromstring(data)
    except ParseError as error:
        line, column = error.position
        raise BadReportError(_PLACE.sub("", str(error)), f"line {line}, column {column + 1}") from None
    except DefusedXmlException:
        raise BadReportError("the XML defines entities, which a report has no need of and which are refused") from None
    except (ValueError, LookupError) as error:
        raise BadReportError(f"the XML can't be read: {error}") from None
    return root


def _of_suite(suite: Any, depth: int) -> Iterator[TestResult]:
    if depth > limits.DEPTH:
        raise BadReportError(f"suites are nested more than {limits.DEPTH} deep")
    results = [_result(case, suite.name or "") for case in suite.iterchildren(junitparser.TestCase)]
    results += _of_itself(suite)
    for inner in suite.testsuites():
        results += _of_suite(inner, depth + 1)
    yield from results
    yield from _not_listed(suite, results)


def _of_itself(suite: Any) -> Iterator[TestResult]:
    """What stands in the suite and in none of its tests: it couldn't be set up, or a module of it couldn't be read."""
    kinds = {"error": junitparser.Error, "failure": junitparser.Failure}
    for kind, element in kinds.items():
        for problem in suite.iterchildren(element):
            yield TestResult(
                name="(the whole suite)",
                suite=texts.name(suite.name),
                status="error" if kind == "error" else "failed",
                message=texts.message(problem.message, problem.text),
            )


def _not_listed(suite: Any, results: Sequence[TestResult]) -> Iterator[TestResult]:
    """An error where a suite counts tests that failed and lists not a single one: the report isn't whole.

    Writers count in different ways, some by assertion, so numbers that merely differ say nothing.
    """
    if any(result.status in _COUNTS.values() for result in results):
        return
    counted = {word: _count(suite._elem.get(word)) for word in _COUNTS}
    if said := [f"{count} {word}" for word, count in counted.items() if count]:
        text = f"the report counts {' and '.join(said)}, and lists none"
        yield TestResult(name="(not listed)", suite=texts.name(suite.name), status="error", message=text)


def _count(written: str | None) -> int:
    """A number that a suite has in an attribute; 0 for what is none."""
    return int(written) if written and written.isascii() and written.isdigit() and len(written) < 10 else 0


def _result(case: junitparser.TestCase, suite: str) -> TestResult:
    problems = case.result
    failed = [one for one in problems if isinstance(one, junitparser.Failure)]
    errors = [one for one in problems if isinstance(one, junitparser.Error)]
    skipped = [one for one in problems if isinstance(one, junitparser.Skipped)]
    said = [text for one in (*errors, *failed, *skipped) for text in (one.message, one.text)]
    return TestResult(
        name=texts.name(case.name) or "(no name)",
        suite=texts.name(case.classname or suite),
        status="error" if errors else "failed" if failed or _is_bad(case) else "skipped" if skipped else "passed",
        seconds=_seconds(case),
        message=texts.message(*said),
    )


def _is_bad(case: junitparser.TestCase) -> bool:
    """Whether a test's own attribute says that it failed."""
    return str(case._elem.get("status", "")).lower() in _BAD_STATUS


def _seconds(case: junitparser.TestCase) -> float | None:
    """How long it took, where that is a number that makes sense."""
    try:
        seconds = case.time
    except ValueError:
        return None
    return seconds if seconds is not None and 0 <= seconds < float("inf") else None
