"""Builds are stopped from their page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_what_always_runs_can_be_stopped_too(site: Site, visitor: Visitor) -> None:
    """The first stop ends the step that runs; while another always runs after it, a second one ends the build."""
    build_id = site.force("clean")
    page = visitor.open(f"/builds/{build_id}")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Stop now").click()
    expect(page.get_by_role("button", name="Rebuild")).to_be_visible()
    detail = site.wait_for_end(build_id)
    assert detail["build"]["result"] == "cancelled"
    assert [(step["name"], step["result"]) for step in detail["steps"]] == [
        ("work", "cancelled"),
        ("clean up", "cancelled"),
    ]
