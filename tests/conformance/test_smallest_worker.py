"""The smallest worker that the manual shows, with a real server: it enrolls, builds, keeps limits, and is stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from buildledger.events.build import OperationFinished
from tests.faults.installation import WORKER, installation, wait_until

CONFIGURATION = f"""
version: 1
server: {{title: A small worker}}
workers:
  {WORKER}: {{capacity: 1}}
builders:
  good:
    steps:
      - run: [python3, -c, "print('hello from a small worker')"]
  blocked:
    steps:
      - run: [python3, --version]
  long:
    steps:
      - run: [sleep, "600"]
  left:
    steps:
      - run: [sh, -c, "echo $$ > pid; exec sleep 600"]
  slow:
    steps:
      - run: [sleep, "600"]
        timeout: {{total: 1s}}
"""
PROGRAM = Path(__file__).parents[2] / "examples" / "smallest_worker.py"


def test_it_builds_for_a_real_server(tmp_path: Path, go_worker: Path) -> None:
    """One build succeeds, one can't begin, one is stopped by a person, one by its time limit; it ends on SIGTERM."""
    with installation(tmp_path, CONFIGURATION) as installed:
        client = installed.start_server()
        token = client.post("/enrollment-tokens", json={"worker": WORKER}).raise_for_status().json()["token"]
        worker = subprocess.Popen(
            [sys.executable, str(PROGRAM), installed.gateway, WORKER, str(tmp_path / "work"), str(go_worker)],
            env={**os.environ, "BUILDLEDGER_WORKER_TOKEN": token},
        )
        try:
            assert installed.wait_for_answer(client, installed.force(client, "good")) == "success"
            (tmp_path / "work" / "blocked").touch()
            assert installed.wait_for_answer(client, installed.force(client, "blocked")) == "failure"
            slow, long = installed.force(client, "slow"), installed.force(client, "long")
            assert installed.wait_for_answer(client, slow) == "failure"

            def started() -> bool:
                builds = client.get("/builds", params={"builder": "long"}).raise_for_status().json()["items"]
                return bool(builds) and client.post(f"/builds/{builds[0]['id']}/stop", json={}).is_success

            wait_until(started, "the build that takes long is stopped")
            assert installed.wait_for_answer(client, long) == "cancelled"
            installed.force(client, "left")
            wait_until(lambda: bool(_left(tmp_path)), "a command runs whose worker is told to leave")
            (process,) = _left(tmp_path)
            worker.terminate()
            worker.wait(10)
            wait_until(lambda: not _is_alive(process), "the command ended with its worker")
        finally:
            worker.kill()
            worker.wait()
        ended = [fact.ended.reason for fact in installed.facts(OperationFinished)]
        assert ended == ["exited", "start_failed", "max_time", "cancel"]


def _left(directory: Path) -> list[int]:
    """The process that was left with the worker, as soon as it has written its number."""
    written = [file.read_text() for file in (directory / "work").glob("left/**/pid")]
    return [int(text) for text in written if text.endswith("\n")]


def _is_alive(process: int) -> bool:
    state = Path(f"/proc/{process}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    """Without the program that carries out runs it says so in one line, and what to do."""
    command = [sys.executable, str(PROGRAM), "127.0.0.1:1", WORKER, str(tmp_path), str(tmp_path / "nothing")]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr == f"there is no {tmp_path / 'nothing'} to carry out runs: `make workers` builds it\n"
