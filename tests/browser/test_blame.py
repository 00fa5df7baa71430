"""A commit that breaks a builder shows up with its author."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.site import GREEN, Site
from tests.browser.visitor import Visitor
from tests.faults.installation import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

BROKEN = """#!/bin/sh
for n in $(seq 1 40); do echo "ok $n - a widget turns"; done
echo "not ok 41 - a widget stops"
echo "# it went on turning"
exit 3
"""
AUTHOR = "Ada Example"
SUBJECT = "Let widgets turn for ever"


def test_a_commit_turns_the_open_page_red_with_its_authors_name(site: Site, visitor: Visitor) -> None:
    """Home, open since all was green, shows the breakage and whose it is without a reload; so do builder and build."""
    green = site.repository.commit("Fix the tests", "Grace Sample <grace@example.org>", **{"test.sh": GREEN})
    before = wait_until(lambda: site.newest("tests", green), "the builder is green")["number"]
    page = visitor.open("/")
    row = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="tests", exact=True))
    broken = page.get_by_role("region", name="Broken").locator(row)
    expect(page.get_by_role("contentinfo")).to_contain_text("Live")
    expect(page.get_by_role("region", name="Recent builds")).to_contain_text(f"tests #{before}")
    expect(broken).to_have_count(0)
    page.get_by_role("heading", level=1).evaluate("heading => heading.dataset.kept = 'yes'")

    site.repository.commit(SUBJECT, f"{AUTHOR} <ada@example.org>", **{"test.sh": BROKEN})

    expect(broken).to_contain_text(AUTHOR)
    expect(broken).to_contain_text(SUBJECT)
    expect(broken).to_contain_text("unit tests: exit code 3")
    expect(broken.get_by_role("img", name="Failure")).to_be_visible()
    expect(page).to_have_title(re.compile(r"^[1-9] broken · Widgets$"))
    expect(page.get_by_role("heading", level=1)).to_have_attribute("data-kept", "yes")

    broken.get_by_role("link", name="tests", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="tests")).to_be_visible()
    expect(page.get_by_role("region", name="Status")).to_contain_text(f"since #{before + 1}")
    newest = page.get_by_role("region", name="History").get_by_role("row").nth(1)
    expect(newest).to_contain_text("unit tests: exit code 3")

    newest.get_by_role("link", name=f"#{before + 1}").click()
    expect(page.get_by_role("heading", level=1, name=f"tests #{before + 1}")).to_be_visible()
    failed = page.get_by_role("region", name="Steps").get_by_role("listitem").filter(has_text="unit tests")
    expect(failed.first).to_contain_text("exit code 3")
    tail = failed.get_by_role("region", name="Last lines")
    expect(tail).to_contain_text("not ok 41 - a widget stops")
    expect(tail).to_contain_text("# it went on turning")
    expect(tail).not_to_contain_text("ok 1 -")
    steps = page.get_by_role("region", name="Steps")
    expect(steps.get_by_role("button", name="compile")).to_have_attribute("aria-expanded", "false")
    expect(steps.get_by_role("listitem").filter(has_text="package")).to_contain_text("not run")
    blame = page.get_by_role("region", name="Blamelist")
    expect(blame).to_contain_text(AUTHOR)
    expect(blame).to_contain_text(SUBJECT)
    expect(blame).not_to_contain_text("Grace Sample")
