"""What was answered with success is kept, whatever happens to the server at once after that."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import httpx

from buildledger.events.build import BuildAssigned, BuildFinished
from buildledger.events.request import RequestSubmitted
from buildledger.events.results import Result
from tests.faults.installation import installation, wait_until

KILLS = 50
FORCES_PER_KILL = 2
TEXT = """
version: 1
server: {title: Faults}
sources:
  widget: {git: "https://widget.example/widget.git", poll: never}
workers:
  w1: {capacity: 8}
builders:
  forced:
    collapse: never
    steps: [{run: ["true"]}]
  pushed:
    collapse: never
    steps: [{run: ["true"]}]
triggers:
  - {on: change, source: widget, branches: ["**", "topic/*"], settle: 0s, build: [pushed]}
"""


def push(client: httpx.Client, number: int) -> str:
    """Hand in a commit on a branch of its own, as a webhook would; its revision once it was answered 2xx."""
    revision = f"{number + 1:040x}"
    commit = {
        "revision": revision,
        "author": "Ada Example <ada@example.org>",
        "message": "Mend it",
        "committed_at": "2026-01-02T03:04:05Z",
    }
    client.post(
        "/sources/widget/changes", json={"branch": f"topic/{number}", "commits": [commit]}, params={"wait": "false"}
    ).raise_for_status()
    return revision


def test_everything_that_was_answered_is_built(tmp_path: Path) -> None:
    """Push and force, read the 2xx, kill -9, fifty times: each commit and each request is built, and built once."""
    with installation(tmp_path, TEXT) as installed:
        forced: list[str] = []
        pushed: list[str] = []
        for kill in range(KILLS):
            client = installed.start_server()
            forced += [installed.force(client, "forced") for _ in range(FORCES_PER_KILL)]
            pushed.append(push(client, kill))
            installed.kill_server()
            client.close()
        client = installed.start_server()
        installed.start_worker(client)
        total = len(forced) + len(pushed)
        wait_until(lambda: len(installed.facts(BuildFinished)) >= total, "everything is built")
        installed.kill_server()
        asked = [
            str(each.stream_id)
            for each in installed.recorded(RequestSubmitted)
            if isinstance(each.fact, RequestSubmitted) and each.fact.builder == "forced"
        ]
        assert asked == forced
        built = Counter(each.stamps[0].revision for each in installed.facts(BuildAssigned) if each.builder == "pushed")
        assert built == Counter(pushed)
        assert len(installed.facts(BuildAssigned)) == total
        assert {each.result for each in installed.facts(BuildFinished)} == {Result.SUCCESS}
        installed.verify()
