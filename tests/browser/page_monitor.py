"""What a page must never do, watched from its first byte to its last."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request

OWN_SCHEMES = frozenset({"data", "blob"})


class Watch:
    """Collects console errors (a blocked script or style is one), uncaught exceptions and requests to strangers."""

    def __init__(self, page: Page, origin: str) -> None:
        self.complaints: list[str] = []
        self._origin = origin
        self._excused: list[re.Pattern[str]] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on("request", self._on_request)

    def excuse(self, pattern: str) -> None:
        """Complaints that match are what this test makes happen on purpose."""
        self._excused.append(re.compile(pattern))

    def unexcused(self) -> Iterator[str]:
        """What nothing excuses."""
        for complaint in self.complaints:
            if not any(pattern.search(complaint) for pattern in self._excused):
                yield complaint

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            place = message.location.get("url", "")
            self.complaints.append(f"console {message.type}: {message.text} ({place})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in OWN_SCHEMES and f"{parts.scheme}://{parts.netloc}" != self._origin:
            self.complaints.append(f"asked a stranger: {request.url}")
