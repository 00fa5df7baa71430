"""A real server that starts its workers, from the request to the machine's end, and over its own death."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from buildledger.events.build import BuildAssigned, OperationStarted
from buildledger.events.machine import (
    MachineQuarantined,
    MachineReleased,
    MachineStarted,
    MachineStartFailed,
    MachineStartRequested,
    MachineStopped,
    MachineStopRequested,
)
from buildledger.settings import AutoTls
from tests.faults.gate import Gate
from tests.faults.installation import Installation, installation, wait_until

START = "{driver: local, idle_timeout: 500ms}"


def text(start: str, steps: str = "[{run: ['true']}]") -> str:
    return f"""
version: 1
workers:
  w: {{capacity: 2, start: {start}}}
builders:
  quick: {{steps: {steps}}}
"""


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """Whatever a test has started and left, because it failed, is gone after it."""
    yield
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if any(str(tmp_path) in argument for argument in process.cmdline()):
                process.kill()


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, text(START), grpc_tls=AutoTls()) as installed:
        yield installed


def test_a_worker_comes_for_a_build_and_goes_when_idle(quick: Installation) -> None:
    """Nobody else starts it, or tells it whom to trust; then it is gone, and for the next build it comes again."""
    client = quick.start_server()
    for start in (1, 2):
        request = quick.force(client, "quick")
        assert quick.wait_for_answer(client, request) == "success"
        wait_until(lambda start=start: len(quick.facts(MachineStopped)) == start, "it is stopped")  # type: ignore[misc]
    started = quick.facts(MachineStarted)
    assert [fact.start for fact in started] == [1, 2]
    assert [fact.reason for fact in quick.facts(MachineStopRequested)] == ["idle for 0.5 s"] * 2
    assert [fact.reason.partition(":")[0] for fact in quick.facts(MachineStopped)] == ["exited with 0"] * 2
    assert not any(psutil.pid_exists(int(fact.place.split()[1])) for fact in started)
    assert quick.facts(MachineQuarantined) == []
    quick.kill_server()
    quick.verify()


def test_a_worker_outlives_the_server_and_is_found_again(tmp_path: Path) -> None:
    """Killed in mid-step, and again: the same process goes on, nothing is started twice, in the end it is stopped."""
    gate = Gate(tmp_path / "gate")
    configuration = gate.text().replace("w1: {capacity: 2}", f"w1: {{start: {START}}}")
    with installation(tmp_path, configuration) as installed:
        client = installed.start_server()
        request = installed.force(client, "slow")
        gate.wait_for_starts(1)
        for _ in range(2):
            installed.kill_server()
            client = installed.start_server()
        gate.open()
        assert installed.wait_for_answer(client, request) == "success"
        wait_until(lambda: installed.facts(MachineStopped), "it is stopped")
        installed.kill_server()
        assert (gate.lines("starts"), gate.lines("passes")) == (1, 1)
        assert len(installed.facts(MachineStartRequested)) == len(installed.facts(MachineStarted)) == 1
        assert len(installed.facts(BuildAssigned)) == 1
        assert len(installed.facts(OperationStarted)) == 2
        assert "has ended" in installed.facts(MachineStopped)[0].reason
        installed.verify()


def test_a_worker_that_can_not_be_started_is_kept_away_until_that_is_mended(tmp_path: Path) -> None:
    """The reason is what its program said; a configuration that starts it otherwise is tried at once."""
    broken = "{driver: local, quarantine: 1h, command: [/bin/sh, -c, 'echo no licence; exit 2']}"
    with installation(tmp_path, text(broken)) as installed:
        client = installed.start_server()
        request = installed.force(client, "quick")
        wait_until(lambda: installed.facts(MachineStopped), "it has failed and is cleared away")
        assert [fact.reason for fact in installed.facts(MachineStartFailed)] == ["exited with 2: no licence"]
        assert [fact.failures for fact in installed.facts(MachineQuarantined)] == [1]
        (tmp_path / "ci.yaml").write_text(text(START))
        assert installed.wait_for_answer(client, request) == "success"
        assert [fact.reason for fact in installed.facts(MachineReleased)] == ["its configuration was changed"]


def test_a_worker_that_never_says_hello_is_given_up(tmp_path: Path) -> None:
    """Its process is taken away by force, though it doesn't want to go, and nothing of it is left."""
    notes = tmp_path / "notes"
    deaf = f"'trap \"\" TERM; echo $$ > {notes}; sleep 600 & wait; wait'"
    start = f"{{driver: local, start_timeout: 1s, stop_timeout: 0s, command: [/bin/sh, -c, {deaf}]}}"
    with installation(tmp_path, text(start)) as installed:
        client = installed.start_server()
        installed.force(client, "quick")
        wait_until(lambda: installed.facts(MachineStopped), "it is gone")
        (failed,) = installed.facts(MachineStartFailed)
        pid = int(notes.read_text())
        assert failed.reason == f"the worker did not connect within 1 s (process {pid})"
        assert installed.facts(MachineStopped)[0].reason == "ended by signal 9"
        assert not psutil.pid_exists(pid)
