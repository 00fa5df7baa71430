"""The server is killed under a page that is open."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.page_snapshot import snapshot
from tests.browser.site import Site
from tests.browser.visitor import Visitor
from tests.faults.installation import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

NOT_LIVE = re.compile("Connecting|Connection lost")
CONNECTION_LOST = r"ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)"


def test_the_page_goes_on_when_its_server_is_killed_in_mid_step(site: Site, visitor: Visitor) -> None:
    """It says so, connects again by itself, shows the rest of the step, and ends up equal to a page loaded then."""
    build_id = site.force("hold")
    page = visitor.open(f"/builds/{build_id}")
    foot = page.get_by_role("contentinfo")
    tail = page.get_by_role("region", name="Last lines")
    expect(tail).to_contain_text("before")
    expect(foot).to_contain_text("Live")
    heading = page.get_by_role("heading", level=1)
    heading.evaluate("heading => heading.dataset.kept = 'yes'")

    visitor.expect_violations(CONNECTION_LOST)
    site.kill_server()
    expect(foot).to_contain_text(NOT_LIVE)
    (site.shared_directory / "alone").touch()
    wait_until((site.shared_directory / "spoken").exists, "the step has printed while no server was there")
    expect(page.get_by_role("region", name="Steps")).to_contain_text("wait")

    site.start_server_again()
    expect(foot).to_contain_text("Live")
    expect(tail).to_contain_text("while nobody listened")
    expect(page.get_by_role("button", name="Stop")).to_be_enabled()

    (site.shared_directory / "go").touch()
    expect(page.get_by_role("button", name="Rebuild")).to_be_visible()
    expect(tail).to_have_text("1before2while nobody listened3after")
    expect(heading).to_have_attribute("data-kept", "yes")

    assert site.wait_for_end(build_id)["build"]["attempt"] == 1, "it was begun anew"
    heading.evaluate("heading => delete heading.dataset.kept")
    fresh = visitor.open(f"/builds/{build_id}")
    expect(fresh.get_by_role("region", name="Last lines")).to_contain_text("after")
    wait_until(lambda: snapshot(page) == snapshot(fresh), "both pages show the same", lambda: snapshot(page))
