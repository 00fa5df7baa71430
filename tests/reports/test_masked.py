"""Test reports are masked in their own format."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

from subunit.v2 import StreamResultToBytes

from buildledger.reports.masked import masked_report
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
