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
    suites = [root] if isinstance(root, junitparser.TestSuite) else list(root)
    return [result for suite in suites for result in _of_suite(suite, 1)]


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
    for case in suite.iterchildren(junitparser.TestCase):
        yield _result(case, suite.name or "")
    for inner in suite.testsuites():
        yield from _of_suite(inner, depth + 1)


def _result(case: junitparser.TestCase, suite: str) -> TestResult:
    problems = case.result
    failed = [one for one in problems if isinstance(one, junitparser.Failure)]
    errors = [one for one in problems if isinstance(one, junitparser.Error)]
    skipped = [one for one in problems if isinstance(one, junitparser.Skipped)]
    said = [text for one in (*errors, *failed, *skipped) for text in (one.message, one.text)]
    return TestResult(
        name=texts.name(case.name) or "(no name)",
        suite=texts.name(case.classname or suite),
        status="error" if errors else "failed" if failed else "skipped" if skipped else "passed",
        seconds=_seconds(case),
        message=texts.message(*said),
    )


def _seconds(case: junitparser.TestCase) -> float | None:
    """How long it took, where that is a number that makes sense."""
    try:
        seconds = case.time
    except ValueError:
        return None
    return seconds if seconds is not None and 0 <= seconds < float("inf") else None
