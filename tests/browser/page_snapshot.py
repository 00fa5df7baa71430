"""The content of a page as text, so that two pages can be compared."""

from __future__ import annotations

from playwright.sync_api import Page

_SNAPSHOT = r"""main => {
    const copy = main.cloneNode(true);
    // "3 s ago" depends on when it was drawn; the moment that it is about doesn't
    for (const time of copy.querySelectorAll("time")) {
        time.textContent = time.dateTime;
        time.removeAttribute("title");
    }
    // where a page of the past leads, and what it can't do, is another test's
    for (const control of copy.querySelectorAll("[disabled]")) control.removeAttribute("disabled");
    for (const link of copy.querySelectorAll("[href]"))
        link.setAttribute("href", link.getAttribute("href").replace(/[?&]as_of=\d+/, ""));
    return copy.outerHTML.replaceAll("><", ">\n<");
}"""


def snapshot(page: Page) -> str:
    """The page's content, element by element, without what only tells the time."""
    content: str = page.get_by_role("main").evaluate(_SNAPSHOT)
    return content
