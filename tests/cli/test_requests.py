"""`buildledger requests`."""

from __future__ import annotations

import json

from buildledger.cli.client import Client
from tests.cli.conftest import Run, ServedDirectory


def test_a_request_says_why_it_waits_and_then_why_it_was_cancelled(run: Run, served: ServedDirectory) -> None:
    """Waiting, it names what it waits for; cancelled, who did it, when and why."""
    client = Client(served.state)
    client.post("/builders/tidy/force", {})
    (waiting,) = run("requests", "--state", served.state).output.splitlines()
    assert waiting.startswith("tidy (forced), asked for ")
    assert "the only one that fits, is not connected" in waiting
    (request,) = json.loads(run("requests", "--json", "--state", served.state).output)
    client.post(f"/requests/{request['id']}/cancel", {"reason": "not needed any more"})
    assert run("requests", "--state", served.state).output == "No request waits.\n"
    (cancelled,) = run("requests", "--without-build", "--state", served.state).output.splitlines()
    assert "cancelled by admin " in cancelled
    assert cancelled.endswith(" ago: not needed any more")
