"""On a page of the past, time stands still at the moment that the page shows."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.sync_api import expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_build_that_ran_then_is_counted_until_then(site: Site, visitor: Visitor) -> None:
    """Neither the time that has passed since nor the build's end shows in how long it had been running."""
    build_id = site.force("release", channel="beta")
    then = site.client.get(f"/builds/{build_id}")
    moment = site.client.get("/facts", as_of=then["position"], order="desc", limit=1)["items"][0]["recorded_at"]
    started = then["build"]["assigned_at"]
    elapsed_s = int((datetime.fromisoformat(moment) - datetime.fromisoformat(started)).total_seconds())
    site.client.post(f"/builds/{build_id}/stop", {"reason": "the test has seen it running"})
    site.wait_for_end(build_id)
    page = visitor.open(f"/?as_of={then['position']}")
    running = page.get_by_role("region", name="Running").get_by_role("listitem").filter(has_text="release")
    expect(running.locator("time")).to_have_text(f"{elapsed_s} s")
    page = visitor.open(f"/builds/{build_id}?as_of={then['position']}")
    expect(page.get_by_text("running for")).to_contain_text(f"running for {elapsed_s} s")
