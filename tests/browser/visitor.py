"""A signed-in user of the dashboard, for a test."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, StorageState

from tests.browser.page_monitor import PageMonitor
from tests.browser.site import Site

WAIT_MS = 30_000
"""How long a page may take to show what it should; far longer than it takes on a machine with nothing else to do."""

DESKTOP = {"width": 1280, "height": 800}


class Visitor:
    """Opens pages as somebody who is signed in, each in a fresh context, and monitors all of them."""

    def __init__(self, chromium: Browser, site: Site, storage: StorageState) -> None:
        self._chromium, self._site, self._storage = chromium, site, storage
        self._contexts: list[BrowserContext] = []
        self._monitors: list[PageMonitor] = []

    def open(self, path: str, **options: Any) -> Page:
        """The page at a path of the site; options are those of a browser context."""
        settings = {"viewport": DESKTOP, "locale": "en", "timezone_id": "UTC", "storage_state": self._storage} | options
        context = self._chromium.new_context(**settings)
        self._contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        self._monitors.append(PageMonitor(page, self._site.client.url))
        page.goto(f"{self._site.client.url}{path}")
        return page

    def violations(self) -> list[str]:
        """What the pages did that no page may do and no test has announced."""
        return [violation for monitor in self._monitors for violation in monitor.unexpected()]

    def expect_violations(self, pattern: str) -> None:
        """Announce violations by the pages opened so far that this test causes on purpose."""
        for monitor in self._monitors:
            monitor.expect_violations(pattern)

    def leave(self) -> list[str]:
        """Close everything; the unexpected violations."""
        for context in self._contexts:
            context.close()
        return self.violations()
