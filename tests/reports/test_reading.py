"""Reports of every format become results; what isn't a report is refused with its place."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from subunit import StreamResultToBytes

from buildledger.events.build import TestResult
from buildledger.reports import limits
from buildledger.reports.bad import BadReportError
from buildledger.reports.reading import Format, read

PYTEST = b"""<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests">
<testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.114" timestamp="2026-01-01T12:00:00">
<testcase classname="tests.test_a" name="test_ok[\xc3\xa9]" time="0.250" />
<testcase classname="tests.test_a" name="test_bad" time="0.001"><failure message="assert 1 == 2">def test_bad():
&gt;       assert 1 == 2
E       assert 1 == 2</failure></testcase>
<testcase classname="tests.test_b" name="test_setup" time="0.0">
<error message="failed on setup">boom</error></testcase>
<testcase classname="tests.test_b" name="test_later" time="n/a">
<skipped type="pytest.skip" message="not yet" /></testcase>
</testsuite></testsuites>"""
NESTED = b"""<testsuite name="outer"><testsuite name="inner"><testcase name="one"/></testsuite>
<testcase name="two"/></testsuite>"""
TAP = b"""TAP version 13
1..5
ok 1 - adds
not ok 2 - divides
  ---
  message: by zero
  ...
# got 1
ok 3 # SKIP no network
not ok 4 - later # TODO not written
    ok 1 - inner
ok 5
"""


def brief(results: object) -> list[tuple[str, str, str]]:
    assert isinstance(results, list)
    return [(one.suite, one.name, one.status) for one in results]


def test_junit_of_pytest() -> None:
    """Names, classes, times and the beginning of what failures said."""
    results = list(read("junit", PYTEST))
    assert brief(results) == [
        ("tests.test_a", "test_ok[é]", "passed"),
        ("tests.test_a", "test_bad", "failed"),
        ("tests.test_b", "test_setup", "error"),
        ("tests.test_b", "test_later", "skipped"),
    ]
    assert results[0].seconds == 0.25
    assert results[3].seconds is None, "what is no number is no time"
    assert results[1].message.count("assert 1 == 2") == 2, "the message stands in the text once more, and not beside it"
    assert results[2].message == "failed on setup\nboom"


def test_junit_of_tests_outside_of_suites() -> None:
    """Node.js reports the tests of a file's top level beside its suites; those that failed count as well."""
    report = b"""<testsuites>
<testcase name="size" time="0.5" classname="test"/>
<testcase name="weight" classname="test"><failure message="2 is not 3"/></testcase>
<testsuite name="shape"><testcase name="round" classname="test"/></testsuite>
</testsuites>"""
    found = [(each.name, each.status, each.message) for each in read("junit", report)]
    assert found == [("size", "passed", ""), ("weight", "failed", "2 is not 3"), ("round", "passed", "")]


def test_junit_suites_within_suites() -> None:
    """A report may begin with one suite, and suites may hold others."""
    assert brief(list(read("junit", NESTED))) == [("outer", "two", "passed"), ("inner", "one", "passed")]


@pytest.mark.parametrize(
    ("report", "found"),
    [
        (b'<testsuite name="s"><error message="no module x"/></testsuite>', [("s", "(the whole suite)", "error")]),
        (b'<testsuite name="s"><failure>boo</failure><testcase name="a"/></testsuite>',
         [("s", "a", "passed"), ("s", "(the whole suite)", "failed")]),
        (b'<testsuite name="s"><testcase name="a" status="FAILED"/></testsuite>', [("s", "a", "failed")]),
        (b'<testsuite name="s"><testcase name="a" status="run"/></testsuite>', [("s", "a", "passed")]),
        (b'<testsuite name="s" tests="5" failures="2" errors="1"><testcase name="a"/></testsuite>',
         [("s", "a", "passed"), ("s", "(not listed)", "error")]),
        (b'<testsuites name="all" failures="1"><testsuite name="s"><testcase name="a"/></testsuite></testsuites>',
         [("s", "a", "passed"), ("all", "(not listed)", "error")]),
        (b'<testsuite name="s" failures="7" errors="?"><testcase name="a"><failure/></testcase></testsuite>',
         [("s", "a", "failed")]),
    ],
)  # fmt: skip
def test_junit_that_says_elsewhere_that_something_failed(report: bytes, found: list[tuple[str, str, str]]) -> None:
    """In a suite itself, in an attribute, or in numbers only: none of it is green. Writers count differently."""
    assert brief(list(read("junit", report))) == found


def test_tap_with_all_it_knows() -> None:
    """Directives skip, YAML and diagnostics are what a failure said, inner tests don't count."""
    results = list(read("tap", TAP))
    assert brief(results) == [
        ("", "adds", "passed"),
        ("", "divides", "failed"),
        ("", "test 3", "skipped"),
        ("", "later", "skipped"),
        ("", "test 5", "passed"),
    ]
    assert "by zero" in results[1].message
    assert "got 1" in results[1].message


@pytest.mark.parametrize(
    ("text", "name"), [(b"1..3\nok 1\nok 2\n", "plan"), (b"1..3\nok 1\nBail out! no database\n", "Bail out!")]
)
def test_tap_that_ends_early(text: bytes, name: str) -> None:
    """Tests that were planned and didn't run are an error of their own."""
    last = list(read("tap", text))[-1]
    assert (last.name, last.status) == (name, "error")


@pytest.mark.parametrize(
    ("text", "last"),
    [
        (b"ok 1\nok 2\n", ("", "plan", "error")),
        (b"ok 1\n1..1\n", ("", "test 1", "passed")),
        (b"1..0 # SKIP no display\n", ("", "plan", "skipped")),
    ],
)
def test_tap_and_its_plan(text: bytes, last: tuple[str, str, str]) -> None:
    """A stream without one broke off before its end; one of nothing may say that all is skipped."""
    assert brief(list(read("tap", text)))[-1] == last


def subunit_stream(*events: dict[str, object]) -> bytes:
    sink = BytesIO()
    stream = StreamResultToBytes(sink)
    for event in events:
        stream.status(**event)
    return sink.getvalue()


def test_subunit_stream() -> None:
    """Statuses, times from the stamps, attached text; what never ends is an error, what was only listed is left out."""
    began = datetime(2026, 1, 1, tzinfo=UTC)
    later = began + timedelta(seconds=2)
    data = subunit_stream(
        {"test_id": "a.B.listed", "test_status": "exists"},
        {"test_id": "a.B.good", "test_status": "inprogress", "timestamp": began},
        {"test_id": "a.B.good", "test_status": "success", "timestamp": later},
        {"test_id": "a.B.bad", "file_name": "traceback", "file_bytes": b"boom", "mime_type": "text/plain"},
        {"test_id": "a.B.bad", "test_status": "fail"},
        {"test_id": "a.B.odd", "test_status": "uxsuccess"},
        {"test_id": "a.B.hangs", "test_status": "inprogress"},
    )
    results = list(read("subunit", data))
    assert sorted(brief(results)) == [
        ("a.B", "bad", "failed"),
        ("a.B", "good", "passed"),
        ("a.B", "hangs", "error"),
        ("a.B", "odd", "failed"),
    ]
    by_name = {one.name: one for one in results}
    assert by_name["good"].seconds == 2.0
    assert by_name["bad"].message == "boom"


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<testsuite name="&b;"/>"""
ELSEWHERE = b"""<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&f;"/></testsuite>"""


@pytest.mark.parametrize(
    ("report_format", "data", "said"),
    [
        ("junit", PYTEST[:400], "line 6, column"),
        ("junit", b"", "line 1, column"),
        ("junit", b"<html/>", "no JUnit report"),
        ("junit", LAUGHS, "defines entities"),
        ("junit", ELSEWHERE, "defines entities"),
        ("junit", b"<testsuite>" * 40 + b"</testsuite>" * 40, "nested more than 32"),
        ("junit", b"<?xml version='1.0' encoding='klingon'?><testsuite/>", "line 1|can't be read|encoding"),
        ("subunit", b"\xb3+\x01garbage that is long enough to be a packet", "byte"),
        ("subunit", b"hello", "before byte 1"),
        ("subunit", b"", "before byte 1"),
        ("subunit", subunit_stream({"test_id": "a", "test_status": "success"})[:-2], "before byte"),
        ("tap", b"hello\n", "this isn't TAP"),
        ("tap", b"TAP version 12\nok\n", "line 1"),
        ("tap", b"", "this isn't TAP"),
    ],
)
def test_what_is_no_report_is_refused(report_format: Format, data: bytes, said: str) -> None:
    """With the place where it goes wrong, and nothing followed that the file refers to."""
    with pytest.raises(BadReportError, match=said):
        read(report_format, data)


def test_size_is_limited() -> None:
    """A larger file isn't looked at."""
    with pytest.raises(BadReportError, match="a report may have"):
        read("tap", b"#" * (limits.REPORT_BYTES + 1))


def test_texts_are_cut_and_cleaned() -> None:
    """Names stay on a line, escapes go, and a megabyte of message is two thousand characters."""
    data = b'<testsuite><testcase name="a&#10;b&#9;c"><failure>%s</failure></testcase></testsuite>' % (b"x\n" * 500_000)
    (result,) = read("junit", data)
    assert result.name == "a b c"
    assert len(result.message) == limits.MESSAGE_CHARACTERS
    (escaped,) = read("tap", b"1..1\nnot ok 1 - \x1b[31mred\x1b[0m \x00end\n")
    assert escaped == TestResult(name="[31mred[0m end", status="failed")


@given(st.sampled_from(get_args(Format)), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(report_format: Format, data: bytes) -> None:
    """No bytes bring the reader down."""
    with suppress(BadReportError):
        read(report_format, data)
