"""What is answered about the tests of a build."""

from __future__ import annotations

import httpx
import pytest
from msgspec.structs import replace

from buildledger.domain.build import (
    ReportTests,
)
from buildledger.events.build import TestResult, TestsReported
from tests.api.conftest import Site
from tests.api.stored_builds import Builds


@pytest.fixture
def builds(site: Site) -> Builds:
    return Builds(site)


async def test_tests_of_a_build(builds: Builds, client: httpx.AsyncClient, site: Site) -> None:
    """Failed ones first, in pages, by status; totals over all parts; a summary on the build itself."""
    report = TestsReported(operation_id=builds.operation(), step=0, report="out/a.xml", format="junit", results=())
    passed = [TestResult(name=f"ok {number}", suite="s", status="passed", seconds=0.5) for number in range(3)]
    failed = TestResult(name="bad", suite="s", status="failed", message="assert 1 == 2")
    broken = TestResult(name="broken", status="error")
    first = replace(report, results=(*passed, failed), omitted=7)
    second = replace(report, part=1, report="out/b.xml", results=(TestResult(name="later", status="skipped"), broken))
    for part in (first, second):
        site.world.execute(ReportTests(build_id=builds.build, report=part))
    site.settle()
    address = f"/api/v1/builds/{builds.build}/tests"
    seen, cursor = [], None
    while True:
        params = {"limit": 4} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(address, params=params)).json()
        seen += [one["name"] for one in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == ["bad", "broken", "later", "ok 0", "ok 1", "ok 2"]
    totals = {"reports": 2, "passed": 3, "failed": 1, "errors": 1, "skipped": 1, "omitted": 7}
    assert page["totals"] == totals
    only = (await client.get(address, params={"status": "failed"})).json()["items"]
    assert [(one["report"], one["suite"], one["message"]) for one in only] == [("out/a.xml", "s", "assert 1 == 2")]
    summary = (await client.get(f"/api/v1/builds/{builds.build}")).json()["tests"]
    assert summary["totals"] == totals
    assert [one["name"] for one in summary["failures"]] == ["bad", "broken"]
