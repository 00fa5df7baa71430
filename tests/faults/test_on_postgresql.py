"""The whole server on PostgreSQL: it builds, and a kill loses nothing there either."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.events.build import BuildAssigned, OperationStarted
from tests.faults.installation import installation, wait_until

TEXT = """
version: 1
server: {title: PostgreSQL}
workers:
  w1: {capacity: 2}
builders:
  slow:
    steps:
      - script: "echo begun; sleep 3; echo done"
"""


@pytest.mark.postgresql
def test_a_step_goes_on_when_the_server_is_killed(tmp_path: Path, postgresql_url: str) -> None:
    """Killed in mid-step and started again on the same database, the server finishes the build it had begun."""
    with installation(tmp_path, TEXT, database=postgresql_url) as installed:
        client = installed.start_server()
        installed.start_worker(client)
        request = installed.force(client, "slow")
        wait_until(lambda: installed.facts(OperationStarted), "the step runs")
        installed.kill_server()
        client = installed.start_server()
        assert installed.wait_for_answer(client, request) == "success"
        assert len(installed.facts(BuildAssigned)) == len(installed.facts(OperationStarted)) == 1
        installed.verify()
