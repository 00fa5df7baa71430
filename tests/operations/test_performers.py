"""What the performers give: test results, totals and artifacts, or why there are none."""

from xml.sax.saxutils import escape

import pytest

from buildledger.events.answers import FoundArtifact
from buildledger.events.build import TestsReported
from buildledger.events.ids import BuildId, request_id
from buildledger.events.operation import FindArtifact, ReadReports
from buildledger.logs.artifacts_manifest import PAGE_ENTRIES, Entry, Manifest
from buildledger.operations.read_reports import ReportReading
from buildledger.reports import limits
from buildledger.worker.masking.masker import Masker
from tests.operations.installation import Installation

JUNIT = '<testsuite><testcase name="good"/><testcase name="bad"><failure message="no"/></testcase></testsuite>'


async def test_reports(installation: Installation) -> None:
    """What became of each test is recorded by report, and the totals are the outcome."""
    await installation.start()
    ended = await installation.ended(await installation.request(installation.reports(a=JUNIT, b=JUNIT)))
    assert ended.text == '{"reports":2,"passed":2,"failed":2,"errors":0,"skipped":0,"format":1}'
    facts = installation.facts(TestsReported)
    assert [(fact.report, fact.part, len(fact.results)) for fact in facts] == [("a.xml", 0, 2), ("b.xml", 1, 2)]


async def test_a_broken_report_hides_no_other(installation: Installation) -> None:
    """File, line and column of each that can't be read; the results in all others are recorded."""
    await installation.start()
    spec = installation.reports(a=JUNIT, b="<testsuite>\n<", c="no XML", d=JUNIT)
    ended = await installation.ended(await installation.request(spec))
    assert ended.reason == "bad_report"
    assert ended.detail.startswith("b.xml: line 2, column 1: unclosed token; c.xml: ")
    assert [(fact.report, fact.part) for fact in installation.facts(TestsReported)] == [("a.xml", 0), ("d.xml", 1)]


async def test_a_link_that_is_not_read_is_named(installation: Installation) -> None:
    """What it leads to may be a report whose tests would be missing; one that leads to another report harms nobody."""
    await installation.start()
    manifest = Manifest.load(installation.artifacts, installation.reports(a=JUNIT).manifest)
    again = Entry(path="out/latest.xml", type="link", target="../a.xml")
    for links, reason in (((again,), "exited"), ((again, Entry(path="b.xml", type="link", target="c")), "bad_report")):
        whole = Manifest.of((*manifest.entries, Entry(path="out", type="directory"), *links))
        spec = ReadReports(format="junit", manifest=installation.artifacts.put(whole.encode()))
        ended = await installation.ended(await installation.request(spec))
        assert ended.reason == reason
    assert ended.detail == "b.xml: a link, which isn't read; what it leads to (c) isn't among the reports"
    assert {fact.report for fact in installation.facts(TestsReported)} == {"a.xml"}


@pytest.mark.parametrize(
    ("most", "reason", "detail"),
    [
        ({"reports_max": 1}, "too_large", "2 reports; a step may have 1"),
        (
            {"report_max_bytes": 11},
            "bad_report",
            "a.xml: 12 bytes; a report may have 11; b.xml: 12 bytes; a report may have 11",
        ),
    ],
)
async def test_limits_of_reports(installation: Installation, most: dict[str, int], reason: str, detail: str) -> None:
    """Too many reports, or too large a one, are refused with the limit."""
    await installation.start({ReadReports: ReportReading(installation.artifacts, **most)})
    spec = installation.reports(a="<testsuite/>"[:12], b="<testsuite/>"[:12])
    ended = await installation.ended(await installation.request(spec))
    assert (ended.reason, ended.detail) == (reason, detail)


SECRET = "p&ss <w>rd of the build"
LONG = "x" * (limits.MESSAGE_CHARACTERS - 40)
LEAK = f"""<testsuite>
<testcase name="logs in with {escape(SECRET)}" classname="a.{escape(SECRET)}">
<failure message="no {escape(SECRET)}">{LONG} {escape(SECRET)} and more</failure></testcase></testsuite>"""


async def test_secrets_in_reports_are_hidden(installation: Installation) -> None:
    """In names and messages, also where a text is cut in the middle of one."""
    masker = Masker([SECRET.encode()])

    def mask(data: bytes) -> bytes:
        return masker.feed(data) + masker.finish()

    await installation.start({ReadReports: ReportReading(installation.artifacts, lambda build_id: mask)})
    await installation.ended(await installation.request(installation.reports(a=LEAK)))
    (fact,) = installation.facts(TestsReported)
    (result,) = fact.results
    assert (result.name, result.suite) == ("logs in with ***", "a.***")
    assert result.message.startswith("no ***")
    told = str(fact)
    assert not any(SECRET[:length] in told for length in range(6, len(SECRET) + 1))


async def test_reports_that_are_kept_no_longer(installation: Installation) -> None:
    """A manifest that isn't stored any more is said to be gone; what isn't one is said not to be."""
    await installation.start()
    ended = await installation.ended(await installation.request(ReadReports(format="junit", manifest="0" * 64)))
    assert (ended.reason, ended.detail) == ("no_file", "what was uploaded is kept no longer")
    spec = ReadReports(format="junit", manifest=installation.artifacts.put(b"no manifest"))
    ended = await installation.ended(await installation.request(spec))
    assert (ended.reason, "this is no manifest" in ended.detail) == ("io_error", True)


def found(name: str, sha256: str, *, directory: bool) -> FoundArtifact:
    return FoundArtifact(
        build_id=BuildId(request_id("test", 1)),
        builder="package",
        number=12,
        artifact=name,
        sha256=sha256,
        size_bytes=1,
        directory=directory,
        mode=0,
        pages=0,
    )


async def test_artifact(installation: Installation) -> None:
    """The artifact is the outcome, with the number of pages of a directory; a missing one has a reason."""
    await installation.start()
    entries = [Entry(path=f"{number:06}", type="directory") for number in range(PAGE_ENTRIES + 1)]
    manifest = installation.artifacts.put(Manifest.of(entries).encode())
    known = installation.finder.known
    known["file"] = found("file", "0" * 64, directory=False)
    known["directory"] = found("directory", manifest, directory=True)
    ended = await installation.ended(await installation.request(FindArtifact(artifact="file", of="build")))
    assert (ended.ok, ended.detail, '"pages":0' in ended.text) == (True, "package #12", True)
    ended = await installation.ended(await installation.request(FindArtifact(artifact="directory", of="build")))
    assert '"pages":2' in ended.text
    ended = await installation.ended(await installation.request(FindArtifact(artifact="other", of="build")))
    assert (ended.reason, ended.detail) == ("no_file", "nothing keeps an artifact 'other'")
