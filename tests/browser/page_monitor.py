"""Monitors what a page must never do, from its first byte to its last."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request

OWN_SCHEMES = frozenset({"data", "blob"})
NOT_FOUND_PAGE = re.compile(
    r"console error: Failed to load resource: .* 404 \(Not Found\) \(http://[^/]+/nowhere(\?.*)?\)"
)
"""The browser's own line about a page that isn't there, which is answered with 404."""


class PageMonitor:
    """Collects console errors (a blocked script or style is one), uncaught exceptions and requests to other origins."""

    def __init__(self, page: Page, origin: str) -> None:
        self.violations: list[str] = []
        self._origin = origin
        self._expected: list[re.Pattern[str]] = [NOT_FOUND_PAGE]
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.violations.append(f"uncaught: {error}"))
        page.on("request", self._on_request)

    def expect_violations(self, pattern: str) -> None:
        """Violations that match are caused by the test on purpose."""
        self._expected.append(re.compile(pattern))

    def unexpected(self) -> Iterator[str]:
        """The violations that no test announced."""
        for violation in self.violations:
            if not any(pattern.search(violation) for pattern in self._expected):
                yield violation

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            place = message.location.get("url", "")
            self.violations.append(f"console {message.type}: {message.text} ({place})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in OWN_SCHEMES and f"{parts.scheme}://{parts.netloc}" != self._origin:
            self.violations.append(f"request to another origin: {request.url}")
