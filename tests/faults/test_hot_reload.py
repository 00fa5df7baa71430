"""The configuration changes again and again while builds run: nothing is half applied, and nobody else is disturbed."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil

from buildledger.config.stored import read_configuration
from buildledger.events.build import BuildAssigned, BuildFinished, OperationRequested
from buildledger.events.config import ConfigApplied
from buildledger.events.machine import MachineStartRequested, MachineStopRequested
from buildledger.events.results import Result
from buildledger.events.server import ServerStarted
from buildledger.events.worker import WorkerConnected, WorkerDisconnected
from buildledger.testing.configuration import load_text
from tests.faults.installation import WORKER, installation, wait_until

RELOADS = 30
ELASTIC = "spare"


class CountingHost:
    """A host of repositories that has none, and counts who asks."""

    def __init__(self) -> None:
        self.asked = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"git://127.0.0.1:{self._socket.getsockname()[1]}/repository"
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer nobody any more."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _count(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.asked += 1
                connection.close()


def configuration(directory: Path, marker: str, still: str, moved: str) -> str:
    """Two that differ in a step, a source's interval, a lock and a builder; the marker is what the step says."""
    gate = f"touch {directory}/started; while [ ! -e {directory}/gate ]; do sleep 0.05; done"
    other = {"odd": "{count: 1}", "even": "{count: 2}"}[marker]
    return f"""
version: 1
server: {{title: Reloaded}}
sources:
  still: {{git: "{still}", poll: 1h}}
  moved: {{git: "{moved}", poll: {len(marker)}h}}
workers:
  {WORKER}: {{capacity: 8}}
  {ELASTIC}: {{start: {{driver: local, idle_timeout: never}}}}
locks:
  changing: {other}
builders:
  long:
    worker: worker.name == '{WORKER}'
    steps: [{{script: {json.dumps(gate)}}}]
  elsewhere:
    worker: worker.name == '{ELASTIC}'
    steps: [{{run: [echo, elsewhere]}}]
  marked:
    collapse: never
    worker: worker.name == '{WORKER}'
    locks: [changing]
    steps:
      - {{name: first, run: [echo, {marker}]}}
      - {{name: second, run: [echo, {marker}, again]}}
  only-{marker}:
    steps: [{{run: [echo, {marker}]}}]
"""


def machines(directory: Path) -> list[Path]:
    """Where the numbers of the elastic workers' processes are written down."""
    return list(directory.glob("state/elastic/*/start-*.pid"))


def test_thirty_reloads_under_load(tmp_path: Path) -> None:
    """Each build is wholly of one configuration that was applied; what hasn't changed isn't started again.

    A build that runs all the time, the sessions of both workers, the machine of the elastic one, the poller of a source
    and the server itself go on; a text that is no configuration, and a file that is none, change nothing.
    """
    still, moved = CountingHost(), CountingHost()
    files = [configuration(tmp_path, marker, still.address, moved.address) for marker in ("odd", "even")]
    texts = [load_text(file).to_json() for file in files]
    with installation(tmp_path, files[1]) as installed, closing(still), closing(moved):
        client = installed.start_server()
        installed.start_worker(client)
        long = installed.force(client, "long")
        assert installed.wait_for_answer(client, installed.force(client, "elsewhere")) == "success"
        wait_until((tmp_path / "started").exists, "the long build runs")
        requests = []
        for number in range(RELOADS):
            text = texts[number % 2]
            requests.append(installed.force(client, "marked"))
            client.post("/config", json={"text": text, "origin": f"reload {number}"}).raise_for_status()
            if number == RELOADS // 2:
                assert client.post("/config", json={"text": text[:-9], "origin": "cut"}).status_code == 422
                (tmp_path / "ci.yaml").write_text("version: 1\nbuilders: 3\n")
        assert {installed.wait_for_answer(client, each) for each in requests} == {"success"}
        wait_until(lambda: "not applied" in client.get("/health").text, "the file is refused")
        assert client.get("/config").json()["revision"]["revision"] == 1 + RELOADS
        (tmp_path / "gate").touch()
        assert installed.wait_for_answer(client, long) == "success"
        wait_until(lambda: moved.asked > 1, "the source that changes has been asked again")
        assert still.asked == 1
        connected = [fact.worker for fact in installed.facts(WorkerConnected)]
        assert sorted(connected) == sorted([WORKER, ELASTIC])
        assert installed.facts(WorkerDisconnected) == []
        assert len(installed.facts(MachineStartRequested)) == 1
        assert installed.facts(MachineStopRequested) == []
        assert len(installed.facts(ServerStarted)) == 1
        applied = {fact.digest: read_configuration(fact.text) for fact in installed.facts(ConfigApplied)}
        built: dict[Any, BuildAssigned] = {}
        ran: dict[Any, list[tuple[str, ...]]] = {}
        for recorded in installed.recorded(BuildAssigned, OperationRequested):
            if isinstance(recorded.fact, BuildAssigned):
                built[recorded.stream_id] = recorded.fact
            elif isinstance(recorded.fact, OperationRequested):
                ran.setdefault(recorded.stream_id, []).append(getattr(recorded.fact.spec, "argv", ()))
        marked = {build: fact for build, fact in built.items() if fact.builder == "marked"}
        assert {fact.config_digest for fact in marked.values()} == applied.keys()
        for build, fact in marked.items():
            steps: Any = applied[fact.config_digest].builders["marked"].steps
            assert [argv for argv in ran[build] if argv] == [step.argv for step in steps]
        assert [fact.attempt for fact in built.values() if fact.builder == "long"] == [1]
        assert {fact.result for fact in installed.facts(BuildFinished)} == {Result.SUCCESS}
        installed.verify()
    assert not [written for written in machines(tmp_path) if psutil.pid_exists(int(written.read_text()))]
    assert machines(tmp_path)
