"""The server is killed at any moment while output streams in, facts are appended and read models follow."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from random import Random

from buildledger.events.build import BuildAssigned, OperationFinished
from buildledger.events.log import LogFinished
from tests.faults.installation import installation, wait_until

KILLS = 8
LONGEST_LIFE_SECONDS = 1.0
LINES = 60_000
BUILDS = 3
WRITER = f"""
for number in $(seq {LINES}); do
  echo "line $number of the output that has to arrive whole, in order and once"
  if [ $((number % 200)) = 0 ]; then sleep 0.02; fi
done
"""
TEXT = f"""
version: 1
server: {{title: Faults}}
workers:
  w1: {{capacity: 8}}
builders:
  chatty:
    collapse: never
    steps:
      - script: |
{"".join(f"          {line}" + chr(10) for line in WRITER.splitlines())}
      - run: ["true"]
  quick:
    collapse: never
    steps: [{{run: ["true"]}}]
"""


def test_output_arrives_whole_however_often_the_server_is_killed(tmp_path: Path) -> None:
    """Each log's digest is that of what the process wrote, every build ends once, and the ledger verifies."""
    seed = time.time_ns() % 1_000_000
    random = Random(seed)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    expected = "".join(
        f"line {number} of the output that has to arrive whole, in order and once\n" for number in range(1, LINES + 1)
    ).encode()
    with installation(tmp_path, TEXT) as installed:
        client = installed.start_server()
        installed.start_worker(client)
        asked = [installed.force(client, "chatty") for _ in range(BUILDS)]
        wait_until(lambda: client.get("/builds").json()["items"], "the builds are assigned")
        for _ in range(KILLS):
            asked.append(installed.force(client, "quick"))
            time.sleep(random.uniform(0, LONGEST_LIFE_SECONDS))  # any moment is meant, not a condition
            installed.kill_server()
            client = installed.start_server()
        assert {installed.wait_for_answer(client, request) for request in asked} == {"success"}
        for log in installed.recorded(LogFinished):
            fact = log.fact
            assert isinstance(fact, LogFinished)
            if fact.size_bytes:
                assert fact.sha256 == hashlib.sha256(expected).hexdigest()
                assert client.get(f"/logs/{log.stream_id}/raw").content == expected
        installed.kill_server()
        assert len(installed.facts(BuildAssigned)) == len(asked)
        assert {fact.ended.reason for fact in installed.facts(OperationFinished)} == {"exited"}
        assert sum(bool(fact.size_bytes) for fact in installed.facts(LogFinished)) == BUILDS
        installed.verify()
