"""What was answered with success is kept, whatever happens to the server at once after that."""

from __future__ import annotations

from pathlib import Path

from buildledger.events.build import BuildAssigned
from buildledger.events.request import RequestSubmitted
from tests.faults.installation import installation

KILLS = 50
FORCES_PER_KILL = 3
TEXT = """
version: 1
server: {title: Faults}
workers:
  w1: {capacity: 8}
builders:
  quick:
    collapse: never
    steps: [{run: ["true"]}]
"""


def test_every_forced_build_that_was_answered_is_built(tmp_path: Path) -> None:
    """Force, read the 2xx, kill -9, fifty times: every one of the requests is there, and each is built once."""
    with installation(tmp_path, TEXT) as installed:
        asked: list[str] = []
        for _ in range(KILLS):
            client = installed.start_server()
            asked += [installed.force(client, "quick") for _ in range(FORCES_PER_KILL)]
            installed.kill_server()
            client.close()
        client = installed.start_server()
        installed.start_worker(client)
        assert {installed.wait_for_answer(client, request) for request in asked} == {"success"}
        installed.kill_server()
        assert [str(each.stream_id) for each in installed.recorded(RequestSubmitted)] == asked
        assert len(installed.facts(BuildAssigned)) == len(asked)
        installed.verify()
