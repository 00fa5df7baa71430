"""The one way into a report, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from buildledger.events.build import TestResult
from buildledger.reports import junit, limits, subunit, tap
from buildledger.reports.bad import BadReportError

Format = Literal["junit", "subunit", "tap"]

_READERS: dict[Format, Callable[[bytes], Sequence[TestResult]]] = {
    "junit": junit.read,
    "subunit": subunit.read,
    "tap": tap.read,
}


def read(report_format: Format, data: bytes) -> Sequence[TestResult]:
    """The results in a report, in its order, with texts cut to their limits. Blocks on the processor.

    Raises:
        BadReportError
    """
    if len(data) > limits.REPORT_BYTES:
        raise BadReportError(f"{len(data)} bytes; a report may have {limits.REPORT_BYTES}")
    results = _READERS[report_format](data)
    if len(results) > limits.TESTS_READ:
        raise BadReportError(f"{len(results)} tests; a report may have {limits.TESTS_READ}")
    return results
