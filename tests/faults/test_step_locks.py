"""Locks of steps on a real server: seen while they are waited for, and kept when the server is killed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildledger.events.build import StepLocksTaken
from tests.faults.held_locks import FACTS, wrong_holders
from tests.faults.installation import Installation, installation, wait_until

STEP = """
mkdir held || echo overlap >> overlaps
echo "$NUMBER" >> entered
while [ ! -e "gate-$NUMBER" ]; do sleep 0.05; done
rmdir held
"""


def text(notes: Path) -> str:
    """A builder whose second step enters a room in which there is place for one."""
    script = "\n".join(f"          {line}" for line in f"cd {notes}{STEP}".splitlines())
    return f"""
version: 1
workers: {{w1: {{capacity: 4}}}}
locks: {{staging-db: {{}}}}
builders:
  tests:
    collapse: never
    steps:
      - run: [sh, -c, "echo $0 >> {notes}/begun", {{expr: string(build.number)}}]
      - name: migrate
        locks: staging-db
        env: {{NUMBER: {{expr: string(build.number)}}}}
        script: |
{script}
"""


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, text(tmp_path)) as the_installation:
        yield the_installation


def step(client: httpx.Client, number: int) -> Any:
    """What a build does at the moment, as lists show it."""
    answer = client.get(f"/builders/tests/builds/{number}").raise_for_status().json()
    return answer["build"]["step"]


def waits(client: httpx.Client, number: int) -> Any:
    """What a build's step waits for; None if for nothing."""
    return (step(client, number) or {}).get("waiting")


def test_steps_of_two_builds_exclude_each_other_over_kills(installed: Installation, tmp_path: Path) -> None:
    """The second build does its first step, then says for which lock it waits, and of whom, also after a kill."""
    client = installed.start_server()
    installed.start_worker(client, capacity=4)
    requests = [installed.force(client, "tests") for _ in range(2)]
    wait_until((tmp_path / "entered").exists, "a build has the lock")
    holder = int((tmp_path / "entered").read_text())
    other = 3 - holder
    for _ in range(2):
        waiting = wait_until(partial(waits, client, other), "the other one waits")
        assert waiting["text"] == f"waits for lock staging-db, held by tests #{holder}"
        assert sorted((tmp_path / "begun").read_text().split()) == ["1", "2"]
        assert step(client, holder)["waiting"] is None
        installed.kill_server()
        assert len(installed.facts(StepLocksTaken)) == 1
        client = installed.start_server()
    (tmp_path / f"gate-{other}").touch()
    (tmp_path / f"gate-{holder}").touch()
    assert [installed.wait_for_answer(client, each) for each in requests] == ["success"] * 2
    installed.kill_server()
    assert (tmp_path / "entered").read_text().split() == [str(holder), str(other)]
    assert not (tmp_path / "overlaps").exists()
    assert wrong_holders(installed.recorded(*FACTS), {"staging-db": 1}) == []
    installed.verify()
