"""Everything that can be done can be done with the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TABS_MAX = 60


def reach(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Press Tab until it has the focus."""
    expect(wanted).to_be_enabled()
    for _ in range(TABS_MAX):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    pytest.fail(f"{wanted} can't be reached with {key}")


def test_force_with_typed_inputs_and_stop(site: Site, visitor: Visitor) -> None:
    """A form of every type of input says what is wrong, then starts the build with what was typed; it is stopped."""
    page = visitor.open("/builders/release")
    start = page.get_by_role("button", name="Start a build")
    reach(page, start)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Start a build of release")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(start).to_be_focused()

    page.keyboard.press("Enter")
    parts = dialog.get_by_role("textbox", name="parts")
    reach(page, parts)
    page.keyboard.press("Control+A")
    page.keyboard.type("many")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Enter a whole number.")).to_be_visible()
    expect(dialog.get_by_text("A value is required.")).to_be_visible()

    reach(page, dialog.get_by_role("combobox", name="channel"))
    page.keyboard.type("beta")
    reach(page, parts)
    page.keyboard.press("Control+A")
    page.keyboard.type("7")
    reach(page, dialog.get_by_role("checkbox", name="signed"))
    page.keyboard.press("Space")
    reach(page, dialog.get_by_role("textbox", name="notes"))
    page.keyboard.type("first of all")
    page.keyboard.press("Enter")
    page.keyboard.type("in the end")
    reach(page, dialog.get_by_role("textbox", name="Reason"))
    page.keyboard.type("the spring release")
    reach(page, dialog.get_by_role("button", name="Start", exact=True))
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="Build requested")).to_contain_text("position")

    reach(page, page.get_by_role("region", name="History").get_by_role("link", name="#1"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="release #1")).to_be_visible()
    about = page.get_by_role("region", name="About")
    for name, value in (
        ("channel", "beta"),
        ("parts", "7"),
        ("signed", "true"),
        ("notes", '["first of all","in the end"]'),
    ):
        expect(about.get_by_role("definition").and_(about.locator(f"dt:text-is('{name}') + dd"))).to_have_text(value)
    expect(about).to_contain_text("the spring release")
    steps = page.get_by_role("region", name="Steps")
    expect(steps.get_by_role("button", name="roll out")).to_have_attribute("aria-expanded", "true")

    reach(page, page.get_by_role("button", name="Stop"))
    page.keyboard.press("Enter")
    expect(page.locator(".page-title")).to_contain_text("Cancelled")
    reach(page, steps.get_by_role("button", name="announce"), key="Shift+Tab")
    page.keyboard.press("Enter")
    expect(steps.get_by_role("region", name="Last lines")).to_contain_text("to beta first of all in the end")


def test_a_queued_request_says_why_it_waits_and_is_cancelled(site: Site, visitor: Visitor) -> None:
    """The queue names the worker that is missing; priority and Cancel work by keyboard; the page goes on to list it."""
    site.client.post("/builders/elsewhere/force", {"reason": "just to see"})
    page = visitor.open("/queue")
    waiting = page.get_by_role("region", name="Waiting requests")
    request = waiting.get_by_role("listitem").filter(has_text="just to see")
    expect(request).to_contain_text("absent")
    raise_it = request.get_by_role("button", name="Raise the priority")
    reach(page, raise_it)
    page.keyboard.press("Enter")
    expect(request.get_by_role("group")).to_have_text("1")
    reach(page, request.get_by_role("button", name="Cancel"))
    page.keyboard.press("Enter")
    expect(request).to_have_count(0)
    closed = page.get_by_role("region", name="Without a build of their own")
    expect(closed.get_by_role("listitem").filter(has_text="just to see")).to_contain_text("Cancelled by")
    expect(page.get_by_role("status").filter(has_text="Request cancelled")).to_be_visible()
