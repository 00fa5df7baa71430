"""Subunit v2: the binary stream of stestr, testrepository, testtools and subunit's own tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from subunit import ByteStreamToStreamResult
from testtools import StreamToDict

from buildledger.events.build import TestResult
from buildledger.reports import texts
from buildledger.reports.bad import BadReportError

_PARSER_TEST = "subunit.parser"
"""Under this name the library tells of bytes that make no sense."""
_STATUS: Mapping[str, Any] = {
    "success": "passed",
    "xfail": "passed",
    "skip": "skipped",
    "fail": "failed",
    "uxsuccess": "failed",
}
"""All others stand for a test that began and never ended; tests that were only listed are left out."""


class _Collector(StreamToDict):
    """Keeps what became of each test, and stops at the first bytes that aren't subunit."""

    def __init__(self, source: BytesIO) -> None:
        super().__init__(self._ended)
        self._source = source
        self.results: list[TestResult] = []

    def status(self, test_id: str | None = None, *args: Any, **more: Any) -> None:
        """Take one event in."""
        if test_id == _PARSER_TEST:
            if more.get("file_name") == "Parser Error":
                text = bytes(more.get("file_bytes") or b"").decode("utf-8", "replace")
                raise BadReportError(text, f"before byte {self._source.tell()}")
            return
        super().status(test_id, *args, **more)

    def _ended(self, test: Any) -> None:
        if test["status"] == "exists":
            return
        suite, _, name = test["id"].rpartition(".")
        status = _STATUS.get(test["status"], "error")
        said = [_text(content) for content in test["details"].values()] if status != "passed" else []
        if status == "error":
            said.append("it began and never ended")
        self.results.append(
            TestResult(
                name=texts.name(name) or "(no name)",
                suite=texts.name(suite),
                status=status,
                seconds=_seconds(test["timestamps"]),
                message=texts.message(*said),
            )
        )


def read(data: bytes) -> Sequence[TestResult]:
    """The tests of a stream.

    Raises:
        BadReportError
    """
    if not data:
        raise BadReportError("it is empty: no subunit v2 stream", "before byte 1")
    source = BytesIO(data)
    collector = _Collector(source)
    collector.startTestRun()
    try:
        ByteStreamToStreamResult(source, non_subunit_name=None).run(collector)
    except BadReportError:
        raise
    except Exception as error:
        # The library raises bare exceptions for bytes outside of packets, and whatever struct and codecs raise within.
        raise BadReportError(f"no subunit v2 stream ({error})", f"before byte {source.tell()}") from None
    collector.stopTestRun()
    return collector.results


def _text(content: Any) -> str:
    """An attachment, if it is text."""
    if content.content_type.type != "text":
        return ""
    return b"".join(content.iter_bytes()).decode("utf-8", "replace")


def _seconds(timestamps: Sequence[Any]) -> float | None:
    began, ended = timestamps
    if began is None or ended is None:
        return None
    seconds: float = (ended - began).total_seconds()
    return max(0.0, seconds)
