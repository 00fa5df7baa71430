"""What holds for every page: it fits phones and both themes, shows the past, and calls no other origin."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.page_snapshot import snapshot
from tests.browser.site import GREEN, Site
from tests.browser.visitor import Visitor
from tests.faults.installation import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

WIDE = "un" + "breakable" * 20
RED = f"""#!/bin/sh
echo "{WIDE} {WIDE}"
exit 1
"""
PHONES = (ViewportSize(width=390, height=844), ViewportSize(width=320, height=568))
TARGET_MIN_PX = 24

PAGES = {
    "home": ("/", "Recent builds"),
    "builders": ("/builders", "tests"),
    "builder": ("/builders/tests", "History"),
    "build": ("/builds/{build}", "unit tests: exit code 1"),
    "log": ("/logs/{log}", WIDE),
    "queue": ("/queue", "elsewhere"),
    "changes": ("/changes", "Fix everything"),
    "change": ("/changes/{change}", "Was it built?"),
    "workers": ("/workers", "local"),
    "configuration": ("/configuration", "in force"),
    "revision": ("/configuration/1", "What it changed"),
    "source": ("/sources/widget", "No file of this repository has defined a builder so far."),
    "nowhere": ("/nowhere", "Page not found"),
}
"""Of each page its path, and a text that is there once it is complete."""

WITH_ACTIONS = ("builder", "build", "queue")

OF_THE_PAST = ("home", "builders", "builder", "queue", "changes", "workers")
"""Those that were there, and looked different, before the build that broke."""

GROUND = "html => getComputedStyle(html).backgroundColor"
EXTENT = """html => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() =>
    done(html.scrollWidth - html.clientWidth))))"""
SMALL = """(main, min) => [...main.querySelectorAll("button, input, select, textarea")]
    .filter(control => { const box = control.getBoundingClientRect(); return box.width < min || box.height < min; })
    .map(control => control.outerHTML)"""


@dataclass(frozen=True)
class History:
    """Green, then red by somebody with a very long name, and a request that waits."""

    green: int
    """The last position before it became red."""
    then: dict[str, str]
    """What pages showed at that position, when it was the last."""
    red: int
    build: str
    log: str
    change: str

    def path(self, page: str) -> str:
        """Where a page is."""
        return PAGES[page][0].format(build=self.build, log=self.log, change=self.change)


@pytest.fixture(scope="module")
def history(site: Site, early_visitor: Visitor) -> History:
    """Made once for all pages."""
    site.repository.commit("Fix everything", "Grace Sample <grace@example.org>", **{"test.sh": GREEN})
    wait_until(lambda: site.newest("tests", site.repository.head()), "the builder is green")
    green, then = wait_until(lambda: settled(site, early_visitor), "nothing has happened for a moment")
    author = f"Ada {WIDE} Example <ada@example.org>"
    revision = site.repository.commit(f"Widen {WIDE}", author, **{"test.sh": RED})
    build = str(wait_until(lambda: site.newest("tests", revision), "the builder is red")["id"])
    red = int(site.client.post("/builders/elsewhere/force", {"reason": f"because of {WIDE}"})["position"])
    wait_until(lambda: position(site) >= red, "the pages know of the request")
    (change,) = site.client.get("/changes", revision=revision)["items"]
    log = site.wait_for_log(build, step=2)
    return History(green=green, then=then, red=red, build=build, log=log, change=str(change["id"]))


def position(site: Site) -> int:
    """The last one that the pages know of."""
    return int(site.client.get("/home")["position"])


def settled(site: Site, visitor: Visitor) -> tuple[int, dict[str, str]] | None:
    """What the pages show and at which position, unless that moved while they were looked at."""
    before = position(site)
    shown = {name: snapshot(opened(visitor, PAGES[name][0])) for name in OF_THE_PAST}
    return (before, shown) if position(site) == before else None


def opened(visitor: Visitor, path: str) -> Page:
    """A page once it has everything from the server."""
    page = visitor.open(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("main")).not_to_contain_text("Loading…")
    return page


@pytest.mark.parametrize("name", PAGES)
def test_it_fits_and_calls_no_other_origin(name: str, history: History, visitor: Visitor) -> None:
    """No sideways scroll, no control too small for a finger, light and dark; no violation (which `visitor` checks)."""
    page = visitor.open(history.path(name), color_scheme="light")
    expect(page.get_by_role("main")).to_contain_text(PAGES[name][1])
    expect(page.get_by_role("contentinfo")).to_contain_text("Live")
    grounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        grounds.append(page.locator("html").evaluate(GROUND))
        for phone in PHONES:
            page.set_viewport_size(phone)
            excess_px = page.locator("html").evaluate(EXTENT)
            assert excess_px <= 0, f"{excess_px} px too wide for {phone['width']} px"
            small = page.get_by_role("main").evaluate(SMALL, TARGET_MIN_PX)
            assert not small, f"smaller than {TARGET_MIN_PX} px: {small}"
    assert grounds[0] != grounds[1], "dark looks like light"


@pytest.mark.parametrize("name", PAGES)
def test_in_the_past_nothing_can_be_changed(name: str, history: History, visitor: Visitor) -> None:
    """A banner says where one is, every action is disabled, links stay in the past, and one button leads back."""
    page = visitor.open(f"{history.path(name)}?as_of={history.red}")
    expect(page.get_by_role("main")).to_contain_text(PAGES[name][1])
    expect(page.get_by_text(f"Viewing the past, as of position {history.red}")).to_be_visible()
    expect(page.get_by_role("contentinfo")).to_contain_text("Not live")
    actions = page.get_by_role("button", name=re.compile("Start a build|Stop|Rebuild|Cancel|the priority"))
    assert (actions.count() > 0) == (name in WITH_ACTIONS)
    for action in actions.all():
        expect(action).to_be_disabled()
    changes = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Changes")
    expect(changes).to_have_attribute("href", f"/changes?as_of={history.red}")
    page.get_by_role("button", name="Back to the present").click()
    expect(page.get_by_role("contentinfo")).to_contain_text("Live")
    expect(page).to_have_url(re.compile(r"^[^?]*$"))
    for action in actions.all():
        expect(action).to_be_enabled()


@pytest.mark.parametrize("name", OF_THE_PAST)
def test_the_past_is_what_it_was(name: str, history: History, visitor: Visitor) -> None:
    """Element by element what the page showed when that position was the last."""
    page = opened(visitor, f"{history.path(name)}?as_of={history.green}")
    expect(page.get_by_text("Viewing the past")).to_be_visible()
    assert snapshot(page) == history.then[name]
    assert WIDE not in history.then[name]


def test_a_moment_stands_for_the_position_reached_by_then(site: Site, history: History, visitor: Visitor) -> None:
    """`as_of` takes a time, too, and the address shows the position that it meant."""
    moment = site.client.get(f"/facts/{history.green}")["fact"]["recorded_at"]
    page = visitor.open(f"/?as_of={moment}")
    expect(page.get_by_text("Viewing the past, as of position")).to_be_visible()
    meant = int(page.url.rpartition("as_of=")[2])
    assert site.client.get("/positions", time=moment)["position"] == meant


def test_the_theme_can_be_chosen(visitor: Visitor) -> None:
    """Against the system's, and it is kept when the page is loaded again."""
    page = visitor.open("/", color_scheme="light")
    html = page.locator("html")
    ground = html.evaluate(GROUND)
    for label in ("Theme: system", "Theme: light"):
        page.get_by_role("button", name=label).click()
    expect(html).not_to_have_css("background-color", ground)
    page.reload()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    expect(html).not_to_have_css("background-color", ground)


def test_whoever_is_not_signed_in_sees_nothing(visitor: Visitor) -> None:
    """A form for the token stands in place of every page, and a wrong one is called wrong."""
    page = visitor.open("/builders/tests", storage_state=None)
    visitor.expect_violations("401")
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    expect(page.get_by_text("History")).to_have_count(0)
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Sign-in failed: wrong token")


def test_violations_are_reported(visitor: Visitor) -> None:
    """The policy forbids scripts, styles and connections that aren't the server's own, and `visitor` reports each."""
    page = visitor.open("/")
    expect(page.get_by_role("contentinfo")).to_contain_text("Live")
    policy = page.request.get(page.url).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    body = page.locator("body")
    body.evaluate(
        "body => { const image = new Image(); image.src = 'http://other-origin.invalid/'; body.append(image); }"
    )
    body.evaluate("body => { const style = document.createElement('style'); body.append(style); style.append('*{}'); }")
    body.evaluate("() => { setTimeout(() => { throw new Error('uncaught'); }); }")
    expected = ("img-src", "style-src", "uncaught")

    def reported() -> bool:
        page.wait_for_load_state()  # lets what the browser has to say come in
        return all(any(text in violation for violation in visitor.violations()) for text in expected)

    wait_until(reported, "each is reported", lambda: "\n".join(visitor.violations()))
    visitor.expect_violations("|".join((*expected, "other-origin")))


def test_a_log_does_not_claim_to_be_of_the_past(history: History, visitor: Visitor) -> None:
    """A log is shown as it is, also beside a page of the past, and says so; other pages say what can't be done."""
    page = visitor.open(history.path("log") + f"?as_of={history.red}")
    expect(page.get_by_text("A log is shown as it is at present.")).to_be_visible()
    page = visitor.open(history.path("queue") + f"?as_of={history.red}")
    expect(page.get_by_text("Actions are disabled.")).to_be_visible()
