"""Server, worker or both are killed while a step runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from buildledger.events.build import (
    BuildAssigned,
    BuildFinished,
    OperationFinished,
    OperationRequested,
    OperationStarted,
    StepFinished,
)
from buildledger.events.log import LogFinished
from buildledger.events.results import Result
from tests.faults.gate import Gate
from tests.faults.installation import Installation, installation, wait_until

COUNTING = """
n=0
echo started >> starts
while [ ! -e gate ]; do echo $n; echo $n >> counted; n=$((n+1)); sleep 0.02; done
echo passed; echo passed >> passes
"""
"""Writes numbers until it passes a gate, and notes how far it has come."""


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")


@pytest.fixture
def installed(tmp_path: Path, gate: Gate) -> Iterator[Installation]:
    with installation(tmp_path, gate.text()) as the_installation:
        yield the_installation


def alive(pid: int) -> bool:
    """Whether a process is there and runs."""
    try:
        return not Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].startswith(" Z")
    except FileNotFoundError:
        return False


def started(installed: Installation, gate: Gate) -> tuple[httpx.Client, str]:
    """A server, a worker, and a build whose step runs."""
    client = installed.start_server()
    installed.start_worker(client)
    request = installed.force(client, "slow")
    gate.wait_for_starts(1)
    return client, request


def test_a_step_goes_on_when_the_server_is_killed(installed: Installation, gate: Gate) -> None:
    """Killed three times in mid-step: the same process goes on, runs once, and its build succeeds at once."""
    client, request = started(installed, gate)
    pid = gate.pid()
    for _ in range(3):
        installed.kill_server()
        client = installed.start_server()
    gate.open()
    assert installed.wait_for_answer(client, request) == "success"
    installed.kill_server()
    assert gate.pid() == pid
    assert (gate.lines("starts"), gate.lines("passes")) == (1, 1)
    assert len(installed.facts(BuildAssigned)) == 1
    assert len(installed.facts(OperationRequested)) == len(installed.facts(OperationFinished)) == 2
    assert [fact.result for fact in installed.facts(StepFinished)] == [Result.SUCCESS] * 2
    installed.verify()


def test_a_step_that_ends_while_no_server_is_there_counts(installed: Installation, gate: Gate) -> None:
    """The worker keeps its end and reports it to the next server."""
    client, request = started(installed, gate)
    installed.kill_server()
    gate.open()
    wait_until(lambda: gate.lines("passes") == 1, "the step has ended")
    client = installed.start_server()
    assert installed.wait_for_answer(client, request) == "success"
    installed.kill_server()
    assert gate.lines("starts") == 1
    assert len(installed.facts(BuildAssigned)) == 1
    installed.verify()


def test_a_killed_worker_leaves_no_old_command_beside_the_retry(installed: Installation, gate: Gate) -> None:
    """It is tried again at once when the worker is back, and the old process is dead before the new one starts."""
    client, request = started(installed, gate)
    old = gate.pid()
    installed.kill_worker()
    installed.start_worker(client)
    gate.wait_for_starts(2)
    assert not alive(old)
    gate.open()
    assert installed.wait_for_answer(client, request) == "success"
    installed.kill_server()
    assert gate.lines("survivors") == 0
    assert [fact.result for fact in installed.facts(BuildFinished)] == [Result.RETRY, Result.SUCCESS]
    assert [fact.attempt for fact in installed.facts(BuildAssigned)] == [1, 2]
    assert installed.facts(OperationFinished)[0].ended.reason == "interrupted"
    installed.verify()


def test_a_supervised_step_goes_on_when_its_worker_is_killed(tmp_path: Path, gate: Gate, supervisor: Path) -> None:
    """Killed twice in mid-step, once with the server: the same process goes on, and its whole log arrives."""
    with installation(tmp_path, gate.text(COUNTING)) as installed:
        client = installed.start_server()
        installed.start_worker(client, supervisor=supervisor)
        request = installed.force(client, "slow")
        gate.wait_for_starts(1)
        for is_server_killed in (False, True):
            installed.kill_worker()
            if is_server_killed:
                installed.kill_server()
            gate.wait_for_more_numbers()
            if is_server_killed:
                client = installed.start_server()
            installed.start_worker(client, supervisor=supervisor)
        gate.open()
        assert installed.wait_for_answer(client, request) == "success"
        expected = "".join(f"{number}\n" for number in range(gate.lines("counted"))) + "passed\n"
        (log,) = installed.recorded(LogFinished)
        assert client.get(f"/logs/{log.stream_id}/raw").text == expected
        (finished,) = installed.facts(LogFinished)
        assert finished.sha256 == hashlib.sha256(expected.encode()).hexdigest()
        installed.kill_server()
        assert (gate.lines("starts"), gate.lines("passes")) == (1, 1)
        assert [fact.result for fact in installed.facts(BuildFinished)] == [Result.SUCCESS]
        assert len(installed.facts(BuildAssigned)) == 1
        installed.verify()


def test_server_and_worker_killed_together(installed: Installation, gate: Gate) -> None:
    """Both come back, the build is tried again by the rules, and nothing of the old one is left."""
    client, request = started(installed, gate)
    old = gate.pid()
    installed.kill_server()
    installed.kill_worker()
    client = installed.start_server()
    installed.start_worker(client)
    gate.wait_for_starts(2)
    assert not alive(old)
    gate.open()
    assert installed.wait_for_answer(client, request) == "success"
    installed.kill_server()
    assert gate.lines("survivors") == 0
    assert len(installed.facts(OperationStarted)) == 3
    installed.verify()
