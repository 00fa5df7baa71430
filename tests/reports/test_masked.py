"""Test reports are masked in their own format."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

import pytest
from subunit.v2 import StreamResultToBytes

from buildledger.reports import junit
from buildledger.reports.masked import TOO_DEEP, masked_report
from buildledger.reports.subunit import read

AT = datetime(2026, 1, 2, tzinfo=UTC)
SECRET = b"hunter22"


def mask(data: bytes) -> bytes:
    return data.replace(SECRET, b"***")


def stream() -> bytes:
    output = BytesIO()
    writer = StreamResultToBytes(output)
    writer.status(test_id="app.tests.login", test_status="inprogress", timestamp=AT)
    writer.status(
        test_id="app.tests.login",
        test_status="fail",
        file_name="traceback",
        file_bytes=b"refused: hunter22",
        mime_type="text/plain; charset=utf8",
        eof=True,
        timestamp=AT,
    )
    writer.status(test_id="app.tests.with-hunter22", test_status="success", timestamp=AT)
    return output.getvalue()


def test_a_masked_subunit_stream_can_still_be_read() -> None:
    """Its packets have the lengths and checksums of what is left; texts and names show no secret."""
    masked = masked_report(stream(), mask)
    assert SECRET not in masked
    found = read(masked)
    assert [(each.name, each.status) for each in found] == [("login", "failed"), ("with-***", "passed")]
    assert found[0].message == "refused: ***"


def test_what_holds_no_secret_stays_as_it_is() -> None:
    """Byte for byte."""
    assert masked_report(stream(), lambda data: data) == stream()


def test_bytes_that_are_no_subunit_are_masked_all_the_same() -> None:
    """They can't be read afterwards either, but tell nothing."""
    assert SECRET not in masked_report(b"\xb3 broken hunter22", mask)


def case(text: str) -> str:
    return f'<testsuite><testcase name="a" classname="hunt&#101;r22"><failure>{text}</failure></testcase></testsuite>'


@pytest.mark.parametrize(
    "report",
    [
        case("&#104;unter22").encode(),
        case("<![CDATA[hunt]]><![CDATA[er22]]>").encode(),
        case("hunt<!-- -->er22").encode(),
        ('<?xml version="1.0" encoding="utf-16"?>' + case("hunter22")).encode("utf-16"),
    ],
    ids=["references to characters", "in pieces", "around a comment", "UTF-16"],
)
def test_xml_that_says_a_secret_in_another_way(report: bytes) -> None:
    """What a reader of the report would see counts, not how it is written."""
    masked = masked_report(report, mask)
    (found,) = junit.read(masked)
    assert (found.suite, found.message, found.status) == ("***", "***", "failed")
    assert SECRET not in masked
    assert "hunter22".encode("utf-16-le") not in masked


def test_xml_without_a_secret_stays_as_it_is() -> None:
    """Byte for byte, in whatever encoding."""
    report = ('<?xml version="1.0" encoding="utf-16"?>' + case("nothing").replace("hunt", "")).encode("utf-16")
    assert masked_report(report, mask) == report


def test_xml_that_is_nested_too_deeply_is_not_kept() -> None:
    """It can't be written anew, and what can't be hidden isn't kept."""
    report = b"<x>" * 50_000 + b"hunt&#101;r22" + b"</x>" * 50_000
    assert masked_report(report, mask) == TOO_DEEP
