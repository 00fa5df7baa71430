"""Whoever looks at pages in a test."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, StorageState

from tests.browser.site import Site
from tests.browser.page_monitor import Watch

WAIT_MS = 30_000
"""How long a page may take to show what it should; far longer than it takes on a machine with nothing else to do."""

DESK = {"width": 1280, "height": 800}


class Visitor:
    """Opens pages as somebody who is signed in, each in a fresh context, and watches all of them."""

    def __init__(self, chromium: Browser, site: Site, storage: StorageState) -> None:
        self._chromium, self._site, self._storage = chromium, site, storage
        self._contexts: list[BrowserContext] = []
        self._watches: list[Watch] = []

    def open(self, path: str, **options: Any) -> Page:
        """The page at a path of the site; options are those of a browser context."""
        settings = {"viewport": DESK, "locale": "en", "timezone_id": "UTC", "storage_state": self._storage} | options
        context = self._chromium.new_context(**settings)
        self._contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        self._watches.append(Watch(page, self._site.client.url))
        page.goto(f"{self._site.client.url}{path}")
        return page

    def complaints(self) -> list[str]:
        """What the pages should not have done."""
        return [complaint for watch in self._watches for complaint in watch.unexcused()]

    def excuse(self, pattern: str) -> None:
        """Complaints of the pages opened so far that this test causes on purpose."""
        for watch in self._watches:
            watch.excuse(pattern)

    def leave(self) -> list[str]:
        """Close everything and give what the pages should not have done."""
        for context in self._contexts:
            context.close()
        return self.complaints()
