"""Several servers on one PostgreSQL: whichever is killed, the others take over what it held and did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildledger.events.build import BuildAssigned, OperationStarted
from buildledger.events.log import LogFinished
from buildledger.events.server import ServerLost
from buildledger.events.worker import WorkerConnected, WorkerDisconnected, WorkerLost
from tests.faults.gate import Gate
from tests.faults.installation import Installation, installation, wait_until

pytestmark = pytest.mark.postgresql


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")


@pytest.fixture
def first(tmp_path: Path, gate: Gate, postgresql_url: str) -> Iterator[Installation]:
    (tmp_path / "first").mkdir()
    with installation(tmp_path / "first", gate.text(), database=postgresql_url) as installed:
        yield installed


@pytest.fixture
def second(tmp_path: Path, gate: Gate, postgresql_url: str) -> Iterator[Installation]:
    (tmp_path / "second").mkdir()
    with installation(tmp_path / "second", gate.text(), database=postgresql_url) as installed:
        yield installed


def servers(client: httpx.Client) -> list[dict[str, Any]]:
    """What a server says of all, itself first."""
    items: list[dict[str, Any]] = client.get("/servers").raise_for_status().json()["items"]
    return items


def leads_all(client: httpx.Client) -> bool:
    """Whether the server that answers leads whatever can be led."""
    leads: list[str] = servers(client)[0]["leads"]
    return leads == ["elastic", "pollers", "reactors", "retention"]


def test_server_and_worker_killed_together_come_back(first: Installation, gate: Gate) -> None:
    """Both are started again: the worker is let in at once, and the build that was cut off is tried again."""
    client = first.start_server()
    first.start_worker(client)
    request = first.force(client, "slow")
    gate.wait_for_starts(1)
    first.kill_server()
    first.kill_worker()
    client = first.start_server()
    first.start_worker(client)
    gate.wait_for_starts(2)
    gate.open()
    assert first.wait_for_answer(client, request) == "success"
    assert len(first.facts(ServerLost)) == 1
    assert [each.reason for each in first.facts(WorkerDisconnected)] == ["server_lost"]
    first.verify()


def test_another_server_takes_over(first: Installation, second: Installation, gate: Gate) -> None:
    """The one that leads is killed in mid-step: the worker goes on with the step at the other, which leads all soon."""
    client = first.start_server()
    other = second.start_server()
    wait_until(lambda: leads_all(client), "the first server leads")
    assert servers(other)[0]["leads"] == []
    first.start_worker(client, gateway=second.gateway)
    request = first.force(client, "slow")
    gate.wait_for_starts(1)
    first.kill_server()
    wait_until(lambda: leads_all(other), "the second server leads")
    assert other.get("/health").json()["status"] == "ok"
    gate.open()
    assert second.wait_for_answer(other, request) == "success"
    assert len(second.facts(BuildAssigned)) == len(second.facts(OperationStarted)) // 2 == 1
    wait_until(lambda: second.facts(ServerLost), "the first server is held for dead")
    wait_until(
        lambda: [bool(each["lost_at"]) for each in servers(other)] == [False, True], "the first is said to be lost"
    )


def test_logs_are_read_at_every_server(tmp_path: Path, gate: Gate, postgresql_url: str) -> None:
    """Also when the server that has them is killed; where its directory can't be read that is said, with its name."""
    text = gate.text("\necho here it is\n")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with (
        installation(tmp_path / "one", text, database=postgresql_url) as first,
        installation(tmp_path / "two", text, database=postgresql_url) as second,
    ):
        client, other = first.start_server(), second.start_server()
        first.start_worker(client)
        assert first.wait_for_answer(client, first.force(client, "slow")) == "success"
        (log,) = first.recorded(LogFinished)
        wait_until(lambda: other.get(f"/logs/{log.stream_id}").is_success, "the log is known there")
        assert other.get(f"/logs/{log.stream_id}/raw").text == "here it is\n"
        first.kill_server()
        assert other.get(f"/logs/{log.stream_id}/raw").text == "here it is\n"
        (first.state / "store-id").write_text("another")
        answer = other.get(f"/logs/{log.stream_id}/raw")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert str(first.state) in answer.json()["detail"]


def test_a_worker_of_a_killed_gateway_is_let_in_elsewhere(
    first: Installation, second: Installation, gate: Gate
) -> None:
    """Gateway and worker are killed: the worker's next process gets in at the other server, and its build goes on."""
    client, other = first.start_server(), second.start_server()
    first.start_worker(client)
    request = first.force(client, "slow")
    gate.wait_for_starts(1)
    first.kill_server()
    first.kill_worker()
    first.start_worker(other, gateway=second.gateway)
    gate.wait_for_starts(2)
    gate.open()
    assert second.wait_for_answer(other, request) == "success"
    first_id, second_id = (each.server_id for each in second.facts(WorkerConnected))
    assert first_id != second_id


def test_a_worker_of_a_killed_gateway_is_lost_when_it_stays_away(
    tmp_path: Path, gate: Gate, postgresql_url: str
) -> None:
    """Nobody comes back: its session ends with its server, and its lease with its time."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with (
        installation(tmp_path / "one", gate.text(), database=postgresql_url, lease_seconds=1.0) as first,
        installation(tmp_path / "two", gate.text(), database=postgresql_url, lease_seconds=1.0) as second,
    ):
        client = first.start_server()
        second.start_server()
        first.start_worker(client)
        first.force(client, "slow")
        gate.wait_for_starts(1)
        first.kill_server()
        first.kill_worker()
        wait_until(lambda: second.facts(WorkerLost), "the worker is lost")
        gate.open()  # the command that nobody waits for any more ends
        assert [each.reason for each in second.facts(WorkerDisconnected)] == ["server_lost"]
