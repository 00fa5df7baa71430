"""A log of 200,000 lines: reached anywhere, searched as a whole."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LINES = 200_000
NEEDLE_LINES = (40_000, 123_456)
ELEMENTS_MAX = 2_000


@pytest.fixture(scope="module")
def log_id(site: Site) -> str:
    """Of a build that has printed it."""
    lines = [f"entry {number}" for number in range(1, LINES + 1)]
    for number in NEEDLE_LINES:
        lines[number - 1] += " with a Needle"
    (site.shared_directory / "long").write_text("\n".join(lines) + "\n")
    build_id = site.force("long")
    assert site.wait_for_end(build_id)["build"]["result"] == "success"
    return site.wait_for_log(build_id)


def entry(page: Page, number: int) -> None:
    """The line is on the screen."""
    expect(page.get_by_text(f"entry {number}", exact=True)).to_be_in_viewport()


def test_end_and_home_reach_both_ends(visitor: Visitor, log_id: str) -> None:
    """A finished log opens at its beginning, and whatever is looked at, few lines are in the document."""
    page = visitor.open(f"/logs/{log_id}")
    log = page.get_by_role("region", name="Log, 200,000 lines")
    entry(page, 1)
    log.press("End")
    entry(page, LINES)
    assert page.locator("*").count() < ELEMENTS_MAX
    log.press("Home")
    entry(page, 1)


def test_an_address_leads_to_lines_and_marks_them(visitor: Visitor, log_id: str) -> None:
    """`#L12-L14` is brought into sight and highlighted, wherever in the log; a click and Shift change the address."""
    page = visitor.open(f"/logs/{log_id}#L12-L14")
    marked = page.locator(".log-row[data-selected]")
    expect(marked).to_have_text(["12entry 12", "13entry 13", "14entry 14"])
    entry(page, 12)

    page = visitor.open(f"/logs/{log_id}#L150000-L150001")
    marked = page.locator(".log-row[data-selected]")
    expect(marked).to_have_text(["150000entry 150000", "150001entry 150001"])
    entry(page, 150_000)
    page.get_by_role("link", name="Line 150003").click()
    expect(page).to_have_url(re.compile(r"#L150003$"))
    page.get_by_role("link", name="Line 150005").click(modifiers=["Shift"])
    expect(page).to_have_url(re.compile(r"#L150003-L150005$"))
    expect(marked).to_have_count(3)


def test_the_server_searches_the_whole_log(visitor: Visitor, log_id: str) -> None:
    """Enter goes from hit to hit, far outside of what the page holds, ignoring case; the search is in the address."""
    page = visitor.open(f"/logs/{log_id}")
    search = page.get_by_role("searchbox", name="Search the whole log")
    hit = page.locator(".log-row[data-hit]")
    entry(page, 1)
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("NEEDLE")
    expect(hit).to_contain_text("entry 40000 with a Needle")
    expect(hit).to_be_in_viewport()
    expect(hit.locator("mark")).to_have_text("Needle")
    page.keyboard.press("Enter")
    expect(hit).to_contain_text("entry 123456 with a Needle")
    expect(hit).to_be_in_viewport()
    expect(page.get_by_role("search")).to_contain_text("2 of 2")
    expect(page).to_have_url(re.compile(r"\?q=NEEDLE$"))
    search.fill("nothing like it")
    expect(page.get_by_role("search")).to_contain_text("no matches")
