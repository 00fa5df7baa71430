"""What a build prints is data: it colours its own text and links to web pages, and does nothing else."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

RED, ORANGE, EXACT, OFF = "\x1b[31m", "\x1b[38;5;208m", "\x1b[1;38;2;1;2;3m", "\x1b[0m"
WIDE_CHARS = 1_000_000

HOSTILE = [
    "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">",
    "\x1b]8;;javascript:document.title='owned'\x07a trap\x1b]8;;\x07",
    "\x1b]8;;data:text/html,<script>1</script>\x1b\\another trap\x1b]8;;\x1b\\",
    "\x1b]8;;https://example.org/docs\x07the manual\x1b]8;;\x07",
    "\x1b]0;owned\x07\x1b[2J\x1b[H\x9b31mafter\x9d0;owned\x9c the screen was cleared",
    f"{RED}red{OFF} {ORANGE}orange{OFF} {EXACT}exact{OFF} plain",
    f"{RED}left open",
    "\x1b[",
    "\x1b]8;;https://example.org/never-ended",
    "user\u202etxt.exe",
    "x" * WIDE_CHARS,
    "the last line",
]

PIECES = [
    b"\x1b",
    b"[3",
    b"1mred in pieces\x1b[0",
    b"m \x1b]8;;javas",
    b"cript:alert(1)\x07trap in pieces\x1b]8;;\x07 \xe2",
    b"\x82",
    b"\xac <scr",
    b"ipt>alert(1)</script>\n",
    b"\xff\xfe not UTF-8\n",
]


@pytest.fixture(scope="module")
def build_id(site: Site) -> str:
    """A build that has printed all of it, the second step in pieces with pauses."""
    (site.shared_directory / "hostile").write_text("\n".join(HOSTILE) + "\n")
    pieces = site.shared_directory / "pieces"
    pieces.mkdir()
    for number, piece in enumerate(PIECES):
        (pieces / f"{number:02}").write_bytes(piece)
    build_id = site.force("hostile")
    assert site.wait_for_end(build_id)["build"]["result"] == "success"
    return build_id


def line(page: Page, number: int) -> Locator:
    """The text of a line."""
    return page.get_by_role("region", name="Log, ").locator(".log-row").nth(number - 1).locator(".log-text")


def assert_inert(page: Page) -> None:
    """Nothing that was printed became an element that runs, loads, or leads somewhere bad."""
    log = page.get_by_role("region", name="Log, ")
    expect(log.locator("script, img, iframe, object, embed, style, svg, form, [onerror], [onclick]")).to_have_count(0)
    expect(log.locator("a:not(.log-number):not([href^='https://example.org/'])")).to_have_count(0)
    expect(page).not_to_have_title("owned")


def test_hostile_output_is_shown_and_does_nothing(site: Site, visitor: Visitor, build_id: str) -> None:
    """Markup is text, links that aren't of the web are no links, and sequences that command a terminal are gone."""
    page = visitor.open(f"/logs/{site.wait_for_log(build_id, 0)}")
    expect(line(page, 1)).to_have_text(HOSTILE[0])
    expect(line(page, 2)).to_have_text("a trap")
    expect(line(page, 3)).to_have_text("another trap")
    expect(line(page, 5)).to_have_text("after the screen was cleared")
    expect(line(page, 10)).not_to_contain_text("\u202e")
    expect(line(page, 12)).to_have_text("the last line")
    manual = line(page, 4).get_by_role("link")
    expect(manual).to_have_attribute("href", "https://example.org/docs")
    expect(manual).to_have_attribute("rel", "noreferrer noopener")
    assert_inert(page)


def test_colours_become_elements(site: Site, visitor: Visitor, build_id: str) -> None:
    """Of the 16, the 256 and all colours, each told from plain text; one left open goes no further than the log."""
    page = visitor.open(f"/logs/{site.wait_for_log(build_id, 0)}")
    red, orange, exact = (line(page, 6).get_by_text(text, exact=True) for text in ("red", "orange", "exact"))
    expect(red).to_have_class("fg-1")
    expect(orange).to_have_css("--fg", re.compile(r"#ff8700|rgb\(255,? 135,? 0\)"))
    expect(exact).to_have_css("font-weight", "700")
    colours = {each.evaluate("element => getComputedStyle(element).color") for each in (red, orange, exact)}
    plain = line(page, 6).evaluate("element => getComputedStyle(element).color")
    assert len(colours | {plain}) == 4, f"{colours} beside {plain}"
    heading = page.get_by_role("heading", level=1)
    assert heading.evaluate("element => getComputedStyle(element).color") == plain


def test_a_line_of_a_megabyte_is_cut_on_the_screen(site: Site, visitor: Visitor, build_id: str) -> None:
    """The page says how much it left out, and the raw log has all of it."""
    page = visitor.open(f"/logs/{site.wait_for_log(build_id, 0)}")
    expect(line(page, 11)).to_contain_text("more characters in the raw log")
    assert len(line(page, 11).inner_text()) < WIDE_CHARS // 10
    address = page.get_by_role("link", name="Raw").get_attribute("href")
    assert address is not None
    raw = page.request.get(address)
    assert raw.headers["content-type"].startswith("text/plain")
    assert raw.headers["x-content-type-options"] == "nosniff"
    assert raw.body() == ("\n".join(HOSTILE) + "\n").encode()


def test_what_arrives_in_pieces_reads_as_if_it_had_not(site: Site, visitor: Visitor, build_id: str) -> None:
    """Escape sequences, links, characters and markup split over several writes; bytes that aren't UTF-8."""
    page = visitor.open(f"/logs/{site.wait_for_log(build_id, 1)}")
    expect(line(page, 1)).to_have_text("red in pieces trap in pieces € <script>alert(1)</script>")
    expect(line(page, 1).get_by_text("red in pieces", exact=True)).to_have_class("fg-1")
    expect(line(page, 2)).to_have_text("\ufffd\ufffd not UTF-8")
    assert_inert(page)
