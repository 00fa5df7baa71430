"""Servers on machines of their own: what one has is read at the other, also while a build goes from here to there."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from buildledger.events.build import ArtifactStored, OperationStarted
from buildledger.events.log import LogFinished, LogOpened
from buildledger.events.worker import WorkerConnected
from tests.fakes.cutting_proxy import CuttingProxy
from tests.faults.gate import Gate
from tests.faults.installation import Installation, installation, wait_until

pytestmark = pytest.mark.postgresql
MOVING = """
echo started >> starts
for number in 1 2 3; do
  echo "part $number"
  while [ ! -e "gate$number" ]; do sleep 0.05; done
done
"""
UPLOADING = """
      - script: |
          mkdir out
          head -c 3000000 /dev/zero | tr '\\0' x > out/large
          echo built
      - upload: out/large
      - upload: out
"""


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")


@contextmanager
def apart(directory: Path, text: str, url: str) -> Iterator[tuple[Installation, Installation]]:
    """Two installations of one database; neither can read the other's directory."""
    with ExitStack() as stack:
        both = []
        for name in ("one", "two"):
            (directory / name).mkdir()
            both.append(stack.enter_context(installation(directory / name, text, database=url, machine=name)))
        yield both[0], both[1]


def test_what_another_machine_has_is_fetched(tmp_path: Path, gate: Gate, postgresql_url: str) -> None:
    """Log, ranges of it, file, directory and search; 503 with the reason while its server is away, and never empty."""
    text = gate.text().partition("      - script")[0] + UPLOADING
    with apart(tmp_path, text, postgresql_url) as (first, second):
        client, other = first.start_server(), second.start_server()
        first.start_worker(client)
        assert first.wait_for_answer(client, first.force(client, "slow")) == "success"
        (log,) = first.recorded(LogFinished)
        file, directory = (each.operation_id for each in first.facts(ArtifactStored))
        paths = [f"/logs/{log.stream_id}/{part}" for part in ("raw", "lines", "search?pattern=b")]
        paths += [f"/artifacts/{file}", f"/artifacts/{directory}", f"/artifacts/{directory}/files/large"]
        wait_until(lambda: other.get(f"/artifacts/{directory}/entries").is_success, "the build is known there")
        for path in paths:
            assert other.get(path).raise_for_status().content == client.get(path).content
            part = {"Range": "bytes=2-4"}
            assert other.get(path, headers=part).content == client.get(path, headers=part).content
        assert other.get(paths[0]).text == "built\n"
        first.kill_server()
        for path in paths:
            answer = other.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert str(first.state) in answer.json()["detail"]
        first.start_server()
        wait_until(lambda: other.get(paths[0]).is_success, "the log is readable again")
        assert len(other.get(paths[3]).content) == 3_000_000


class Moving:
    """Between a worker and its server, which can be another one."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._proxy = CuttingProxy(0)
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._do(self._proxy.start())
        self.address = self._proxy.address

    def lead_to(self, server: Installation) -> None:
        """Lead to that server from here on."""
        self._proxy.target_port = int(server.gateway.rpartition(":")[2])
        self._do(self._cut())

    def close(self) -> None:
        """Stop it."""
        self._do(self._proxy.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _cut(self) -> None:
        self._proxy.cut()

    def _do(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)


class Reader(threading.Thread):
    """Follows a log over the API as the dashboard does."""

    def __init__(self, client: httpx.Client, log_id: object) -> None:
        super().__init__(daemon=True)
        self._client, self._log = client, f"/logs/{log_id}"
        self.text = ""
        self.finished = False
        self.start()

    def run(self) -> None:
        """Fetch what is new whenever the stream says that there is."""
        with self._client.stream("GET", f"{self._log}/stream") as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    extent = json.loads(line.removeprefix("data:"))
                    if extent["size_bytes"] > len(self.text):
                        new = {"Range": f"bytes={len(self.text)}-{extent['size_bytes'] - 1}"}
                        self.text += self._client.get(f"{self._log}/raw", headers=new).raise_for_status().text
                    self.finished = extent["finished"]


def test_a_build_that_moves_is_followed_to_its_end(tmp_path: Path, gate: Gate, postgresql_url: str) -> None:
    """Its worker goes to the other server and comes back: readers at both get every line once, as it is written."""
    moving = Moving()
    with apart(tmp_path, gate.text(MOVING), postgresql_url) as (first, second):
        clients = first.start_server(), second.start_server()
        moving.lead_to(first)
        first.start_worker(clients[0], gateway=moving.address)
        request = first.force(clients[0], "slow")
        gate.wait_for_starts(1)
        log = wait_until(lambda: first.recorded(LogOpened), "the log is known")[0].stream_id
        for client in clients:
            wait_until(lambda client=client: client.get(f"/logs/{log}/lines").is_success, "the log is known there")  # type: ignore[misc]
        readers = [Reader(client, log) for client in clients]
        expected = "part 1\n"
        for number, server in enumerate((second, first), 2):
            wait_until(lambda text=expected: all(each.text == text for each in readers), f"{expected!r} is read")  # type: ignore[misc]
            moving.lead_to(server)
            wait_until(lambda count=number: len(first.facts(WorkerConnected)) == count, "it is there")  # type: ignore[misc]
            (gate.directory / f"gate{number - 1}").touch()
            expected += f"part {number}\n"
        wait_until(lambda: all(each.text == expected for each in readers), "all is read")
        (gate.directory / "gate3").touch()
        assert first.wait_for_answer(clients[0], request) == "success"
        for reader in readers:
            reader.join(20)
            assert (reader.finished, reader.text) == (True, "part 1\npart 2\npart 3\n")
        assert len(first.facts(OperationStarted)) == gate.lines("starts") + 1 == 2
    moving.close()
