"""A worker is shut out while it runs a step: `buildledger workers revoke`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from buildledger.events.build import BuildAssigned
from buildledger.events.worker import WorkerConnected, WorkerDisconnected, WorkerLost, WorkerRevoked
from tests.faults.installation import WORKER, Installation, installation, wait_until

OTHER = "w2"
LEASE_SECONDS = 1.0


def configuration(directory: Path) -> str:
    """Two workers, and a step that says when it starts and waits for a gate."""
    script = f"echo started >> {directory}/starts; while [ ! -e {directory}/gate ]; do sleep 0.05; done"
    return f"""
version: 1
server: {{title: Faults}}
workers:
  {WORKER}: {{capacity: 1}}
  {OTHER}: {{capacity: 1}}
builders:
  slow:
    steps:
      - script: {script!r}
"""


def command(installed: Installation, *arguments: str) -> str:
    """What a command that talks to the server prints."""
    whole = [sys.executable, "-m", "buildledger", *arguments, "--state", str(installed.state)]
    return subprocess.run(whole, capture_output=True, text=True, check=True).stdout


def test_its_build_is_tried_elsewhere(tmp_path: Path) -> None:
    """The session ends at once, the build is given to another worker after the lease, and the worker is never let in
    again, although its credential has time left and its process goes on trying."""
    starts = tmp_path / "starts"
    with installation(tmp_path, configuration(tmp_path), lease_seconds=LEASE_SECONDS) as installed:
        client = installed.start_server()
        installed.start_worker(client)
        request = installed.force(client, "slow")
        wait_until(starts.exists, "the step has started")
        token = command(installed, "token", "--worker", OTHER).strip()
        place = ("--server", installed.gateway, "--name", OTHER, "--state", str(tmp_path / "other"))
        other = subprocess.Popen(
            [sys.executable, "-m", "buildledger", "worker", *place],
            env={**os.environ, "BUILDLEDGER_WORKER_TOKEN": token},
        )
        try:
            wait_until(lambda: len(installed.facts(WorkerConnected)) == 2, "the other worker has come")
            assert "are void" in command(installed, "workers", "revoke", WORKER, "--reason", "stolen")
            wait_until(lambda: len(starts.read_text().splitlines()) == 2, "the step has started elsewhere")
            (tmp_path / "gate").touch()
            assert installed.wait_for_answer(client, request) == "success"
            listed = command(installed, "workers", "list")
        finally:
            other.kill()
            other.wait()
        assert [fact.reason for fact in installed.facts(WorkerRevoked)] == ["stolen"]
        assert [fact.worker for fact in installed.facts(BuildAssigned)] == [WORKER, OTHER]
        assert len(installed.facts(WorkerLost)) == 1
        assert installed.facts(WorkerDisconnected)[0].reason == "revoked"
        assert [fact.worker for fact in installed.facts(WorkerConnected)] == [WORKER, OTHER]
        assert "lost" in next(line for line in listed.splitlines() if line.startswith(f"{WORKER} "))
        installed.kill_server()
        installed.verify()
