"""A state directory as a server leaves it behind that has built something: commits, logs, artifacts, all of them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from buildledger.events.change import BranchMoved
from tests.fakes.repository import Repository
from tests.faults.installation import installation, wait_until

LONG_LOG_BYTES = 200_000
"""Enough for a chunk in a pack."""
CONFIGURATION = """\
version: 1
server: {{title: Lived in}}
sources:
  app: {{git: {url}, poll: 1s}}
workers: {{w1: {{}}}}
builders:
  app:
    steps:
      - {{checkout: app}}
      - {{run: [sh, -c, "head -c {log_bytes} /dev/urandom | base64; echo done"], name: talk}}
      - {{run: [sh, -c, "mkdir -p site/sub; echo a > site/a; echo b > site/sub/b; ln -s a site/l; echo f > f"]}}
      - {{upload: site}}
      - {{upload: f}}
triggers: [{{on: manual, build: [app]}}]
"""


def lived_in(directory: Path, builds: int = 2, database: str | None = None) -> Path:
    """Start a server and a worker, build a few times, stop both in good order; gives the state directory.

    `database`: the URL of a PostgreSQL, where all is kept but logs and artifacts.
    """
    directory.mkdir(parents=True, exist_ok=True)
    repository = Repository(directory / "repository")
    for number in range(3):
        repository.commit(f"change {number}", author=f"Jane {number} <jane{number}@acme.example>", file=str(number))
    text = CONFIGURATION.format(url=repository.url, log_bytes=LONG_LOG_BYTES)
    with installation(directory, text, database=database) as server:
        client = server.start_server()
        server.start_worker(client)
        wait_until(lambda: server.facts(BranchMoved), "the commits are seen")
        for number in range(builds):
            answer = client.post(
                "/builders/app/force", json={}, headers={"Idempotency-Key": f"build-{number}"}
            ).raise_for_status()
            assert server.wait_for_answer(client, answer.json()["request_id"]) == "success"
        os.kill(server.server_pid, signal.SIGTERM)
        server.wait_for_end()
        return server.state
