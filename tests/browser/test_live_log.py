"""A log that grows while somebody reads it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def speak_to(site: Site, lines: int) -> None:
    """Let the step go on until it has printed so many lines."""
    fresh = site.shared_directory / "lines.fresh"
    fresh.write_text(str(lines))
    fresh.rename(site.shared_directory / "lines")


def word(page: Page, number: int) -> None:
    """The line is on the screen."""
    expect(page.get_by_text(f"word {number}", exact=True)).to_be_in_viewport()


def test_a_growing_log_is_followed_until_its_reader_scrolls_away(site: Site, visitor: Visitor) -> None:
    """The newest line stays in sight; scrolling up stays where it is; Follow goes on; the end takes the button away."""
    speak_to(site, 200)
    log_id = site.wait_for_log(site.force("talk"))
    page = visitor.open(f"/logs/{log_id}")
    follow = page.get_by_role("button", name="Follow")
    log = page.get_by_role("region", name="Log, ")
    word(page, 200)
    expect(follow).to_have_attribute("aria-pressed", "true")

    speak_to(site, 400)
    word(page, 400)

    log.hover()
    page.mouse.wheel(0, -100_000)
    word(page, 1)
    expect(follow).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_text("word 400", exact=True)).to_have_count(0)
    speak_to(site, 700)
    expect(page.get_by_role("region", name="Log, 700 lines")).to_be_visible()
    word(page, 1)

    follow.click()
    word(page, 700)
    speak_to(site, 900)
    word(page, 900)

    (site.shared_directory / "end").touch()
    expect(follow).to_have_count(0)
    expect(page.get_by_role("img", name="Success")).to_be_visible()
    expect(page.get_by_text("growing")).to_have_count(0)
