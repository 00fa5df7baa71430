"""A build's page has its artifacts to download, and its failed tests with their messages."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_artifacts_and_tests(site: Site, visitor: Visitor) -> None:
    """A directory comes as a zip, a file as itself, and neither is shown; failures stand first, the rest on request."""
    build = site.force("leave")
    assert site.wait_for_end(build)["build"]["result"] == "failure"
    page = visitor.open(f"/builds/{build}")
    tests = page.get_by_role("region", name="Tests")
    expect(tests).to_contain_text("1 failed")
    expect(tests).to_contain_text("1 skipped")
    expect(tests).to_contain_text("1 passed")
    expect(tests.get_by_role("listitem")).to_have_count(1)
    expect(tests.get_by_role("listitem")).to_contain_text("tests.test_turning · test_stops")
    expect(tests.get_by_role("listitem")).to_contain_text("it went on turning")
    steps = page.get_by_role("region", name="Steps")
    expect(steps).to_contain_text("1 passed, 1 failed, 1 skipped")

    tests.get_by_role("button", name="Show all").click()
    rows = tests.get_by_role("listitem")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("test_stops")
    expect(rows.nth(2)).to_contain_text("test_turns[<b>]")
    expect(rows.nth(2)).to_contain_text("0.250 s")

    artifacts = page.get_by_role("region", name="Artifacts")
    expect(artifacts.get_by_role("listitem")).to_have_count(3)
    directory = artifacts.get_by_role("listitem").filter(has_text="site/")
    expect(directory).to_contain_text("1 file")
    with page.expect_download() as downloading:
        directory.get_by_role("link", name="site/").click()
    assert downloading.value.suggested_filename == "site.zip"
    archive = zipfile.ZipFile(io.BytesIO(Path(downloading.value.path()).read_bytes()))
    assert sorted(archive.namelist()) == ["empty/", "index.html"]
    with page.expect_download() as downloading:
        artifacts.get_by_role("link", name="widget-tool").click()
    assert Path(downloading.value.path()).read_text() == "tool\n"
    if shots := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{shots}/left-behind.png", full_page=True)


def test_a_build_that_left_nothing_says_so(site: Site, visitor: Visitor) -> None:
    """Both panels are there, and say that there is nothing."""
    build = site.force("long")
    page = visitor.open(f"/builds/{build}")
    site.wait_for_end(build)
    expect(page.get_by_role("region", name="Artifacts")).to_contain_text("This build has uploaded no artifacts.")
    expect(page.get_by_role("region", name="Tests")).to_contain_text("No test reports in this build.")
