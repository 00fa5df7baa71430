"""A real Chromium, a real server and a real worker, shared by all tests of this folder and stopped after the last.

They live as long as the folder and not as the session: Playwright's own event loop runs for as long as it is open, and
other folders have loops of their own.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, StorageState, expect, sync_playwright

import buildledger
from tests.browser.site import Site
from tests.browser.visitor import WAIT_MS, Visitor

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One installation for all tests of the folder; each has builders of its own."""
    assets = Path(buildledger.__file__).parent / "dashboard_static"
    if not (assets / "index.html").is_file():
        pytest.fail("the dashboard isn't built: run `make dashboard`")
    site = Site(tmp_path_factory.mktemp("site"))
    try:
        site.start()
        yield site
    finally:
        site.stop()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    program = shutil.which("chromium") or "/usr/bin/chromium"
    if not os.access(program, os.X_OK):
        pytest.fail("these tests drive a real Chromium and there is none: run `apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        expect.set_options(timeout=WAIT_MS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def signed_in(chromium: Browser, site: Site) -> StorageState:
    """The cookie that a browser has after its owner opened the address the server printed."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{site.client.url}/#token={site.client.token}")
    expect(page.get_by_role("contentinfo")).to_contain_text("Live")
    assert "token" not in page.url, "the token stays in the address"
    storage = context.storage_state()
    context.close()
    return storage


@pytest.fixture(scope="module")
def early_visitor(chromium: Browser, site: Site, signed_in: StorageState) -> Iterator[Visitor]:
    """The user of fixtures that a module's tests share."""
    yield from _visit(chromium, site, signed_in)


@pytest.fixture
def visitor(chromium: Browser, site: Site, signed_in: StorageState) -> Iterator[Visitor]:
    """The user of a test. No page may log an error, call another origin or break the content security policy."""
    yield from _visit(chromium, site, signed_in)


def _visit(chromium: Browser, site: Site, storage: StorageState) -> Iterator[Visitor]:
    visitor = Visitor(chromium, site, storage)
    try:
        yield visitor
    finally:
        violations = visitor.leave()
    assert not violations, "\n".join(violations)
