"""The driver `ssh`, with a real sshd: a worker that only its connection leads to, and that does without it."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from buildledger.events.build import BuildAssigned, OperationStarted
from buildledger.events.log import LogOpened
from buildledger.events.machine import MachineStarted, MachineStartFailed, MachineStartRequested, MachineStopped
from buildledger.events.worker import WorkerConnected
from buildledger.settings import AutoTls
from tests.fakes.sshd import Sshd, sshd
from tests.faults.installation import Installation, installation, wait_until

LINES = 20_000
STEP = f"""
echo started >> starts
seq 1 {LINES}
while [ ! -e gate ]; do sleep 0.05; done
seq {LINES + 1} {2 * LINES}
echo passed >> passes
"""
EXPECTED = "".join(f"{number}\n" for number in range(1, 2 * LINES + 1))


@pytest.fixture
def place() -> Iterator[Path]:
    """A short path, for sockets; whatever a failed test has left there is killed."""
    directory = Path(tempfile.mkdtemp(prefix="bl "))
    yield directory
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if any(str(directory) in argument for argument in process.cmdline()):
                process.kill()
    shutil.rmtree(directory)


@pytest.fixture
def host(place: Path) -> Iterator[Sshd]:
    (place / "sshd").mkdir()
    with sshd(place / "sshd") as running:
        yield running


def text(place: Path, host: Sshd, **others: str) -> str:
    settings = {
        "driver": "ssh",
        "host": "127.0.0.1",
        "port": str(host.port),
        "identity": f"'{host.identity}'",
        "known_hosts": f"'{host.known_hosts}'",
        "directory": f"'{place}/host'",
        "command": f"['{sys.executable}', -m, buildledger, worker]",
        "idle_timeout": "500ms",
    } | others
    start = ", ".join(f"{key}: {value}" for key, value in settings.items() if value)
    script = "\n".join(f"          {line}" for line in f"cd '{place}'{STEP}".splitlines())
    return f"""
version: 1
workers:
  far: {{start: {{{start}}}}}
builders:
  slow:
    steps:
      - script: |
{script}
"""


@pytest.fixture
def installed(tmp_path: Path, place: Path, host: Sshd) -> Iterator[Installation]:
    with installation(tmp_path, text(place, host)) as the_installation:
        yield the_installation


def lines(file: Path) -> int:
    return len(file.read_text().splitlines()) if file.exists() else 0


def begin(installed: Installation, place: Path) -> tuple[httpx.Client, str]:
    """A build whose step runs on the host."""
    client = installed.start_server()
    request = installed.force(client, "slow")
    wait_until(lambda: lines(place / "starts"), "the step runs", lambda: installed._tail("server"))
    return client, request


def log_of(installed: Installation, client: httpx.Client) -> str:
    """What the only step wrote."""
    (opened,) = installed.recorded(LogOpened)
    return client.get(f"/logs/{opened.stream_id}/raw").raise_for_status().text


def check(installed: Installation, client: httpx.Client, request: str, place: Path) -> None:
    """The build succeeded at once: its step ran once and its output is there to the letter; then the worker is gone."""
    assert installed.wait_for_answer(client, request) == "success"
    assert log_of(installed, client) == EXPECTED
    wait_until(lambda: installed.facts(MachineStopped), "the worker is stopped")
    assert (lines(place / "starts"), lines(place / "passes")) == (1, 1)
    assert len(installed.facts(MachineStartRequested)) == len(installed.facts(MachineStarted)) == 1
    assert len(installed.facts(BuildAssigned)) == len(installed.facts(OperationStarted)) == 1
    assert len(installed.facts(WorkerConnected)) > 1
    pid = int(installed.facts(MachineStarted)[0].place.split()[1])
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    wait_until(lambda: not list((place / "host").glob("*.sock")), "the socket is removed")


def test_a_connection_that_is_cut_in_mid_step_costs_nothing(installed: Installation, place: Path, host: Sshd) -> None:
    """The step goes on and ends while no connection is there; when there is one again its output arrives exactly."""
    client, request = begin(installed, place)
    host.freeze()
    assert host.cut() == 1
    (place / "gate").touch()
    wait_until(lambda: lines(place / "passes"), "the step has ended without a connection")
    host.thaw()
    check(installed, client, request, place)


def test_a_server_that_is_killed_finds_its_worker_on_the_host_again(
    installed: Installation, place: Path, host: Sshd
) -> None:
    """The next server takes the forwarding over from the connection that the killed one has left behind."""
    client, request = begin(installed, place)
    installed.kill_server()
    assert len(host.connections()) == 1
    client = installed.start_server()
    (place / "gate").touch()
    check(installed, client, request, place)
    wait_until(lambda: host.connections() == [], "no connection is left")


def test_a_program_is_copied_to_the_host(tmp_path: Path, place: Path, host: Sshd) -> None:
    """Under a name that says what is in it; nothing else has to be there, not even to trust a server with TLS."""
    program = place / "worker program"
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m buildledger worker \"$@\"\n")
    (place / "gate").touch()
    configuration = text(place, host, command="", install=f"'{program}'")
    with installation(tmp_path, configuration, grpc_tls=AutoTls()) as installed:
        client = installed.start_server()
        request = installed.force(client, "slow")
        assert installed.wait_for_answer(client, request) == "success"
        assert log_of(installed, client) == EXPECTED
        (copied,) = (place / "host").glob("worker program-*")
        assert copied.read_bytes() == program.read_bytes()
        wait_until(lambda: installed.facts(MachineStopped), "the worker is stopped")


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ({"known_hosts": "/dev/null"}, "127.0.0.1: Host key verification failed."),
        ({"command": "[/nonexistent/worker]"}, "has ended: "),
        ({"directory": f"'/tmp/{'x' * 100}'"}, "the socket's path is too long"),
        ({"port": "1", "start_timeout": "1s"}, "did not connect within 1 s (127.0.0.1: ssh: connect to host"),
    ],
)
def test_why_a_worker_can_not_be_started_is_told(
    tmp_path: Path, place: Path, host: Sshd, others: dict[str, str], reason: str
) -> None:
    """A host that isn't the one it should be, a program or a connection that isn't there."""
    with installation(tmp_path, text(place, host, **others)) as installed:
        client = installed.start_server()
        installed.force(client, "slow")
        wait_until(lambda: installed.facts(MachineStartFailed), "it has failed", lambda: installed._tail("server"))
        assert reason in installed.facts(MachineStartFailed)[0].reason
