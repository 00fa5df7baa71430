"""Build Ledger with its workers, started by its own commands and seen through its own REST API."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from bench import processes
from bench.system import Setup

START_TIMEOUT_SECONDS = 60.0
PAGE = 500
BUILDLEDGER = Path(sys.executable).with_name("buildledger")
# `make workers` builds it.
GO_WORKER = Path(__file__).resolve().parents[1] / "out" / "workers" / "bl-worker-linux-amd64"
COMMITTED_AT = "2026-01-01T00:00:00Z"


class BuildLedger:
    """One server on SQLite, and `setup.workers` worker processes over gRPC."""

    name = "build-ledger"

    def __init__(self, folder: Path, setup: Setup, through: Callable[[str], str] = str) -> None:
        """`through` gives each worker the address that it is to use for the server's."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._folder = folder
        self._through = through
        self._workers: list[subprocess.Popen[bytes]] = []
        self._seen, self._finished, self._failed = 0, 0, 0
        self._http_address = f"127.0.0.1:{processes.free_port()}"
        self.grpc_address = f"127.0.0.1:{processes.free_port()}"
        self._http = httpx.Client(base_url=f"http://{self._http_address}/api/v1", timeout=120.0)
        (folder / "ci.json").write_text(json.dumps(_configuration(setup)))
        try:
            self.start_server()
            for number in range(setup.workers):
                self._start_worker(number, setup)
            processes.wait_until("the workers", lambda: self.connected() == setup.workers, START_TIMEOUT_SECONDS)
        except BaseException:
            self.stop()
            raise

    def start_server(self) -> None:
        """Start the server on what state there is; returns when it answers."""
        state = self._folder / "state"
        addresses = ["--http", self._http_address, "--grpc", self.grpc_address]
        self._server = processes.start(
            [BUILDLEDGER, "serve", "--state", state, "--config", self._folder / "ci.json", *addresses],
            cwd=self._folder,
            output=self._folder / "server.txt",
        )
        self.server_pid = self._server.pid
        processes.wait_until("the server", self._answers, START_TIMEOUT_SECONDS)
        self._http.headers["Authorization"] = f"Bearer {(state / 'admin-token').read_text().strip()}"

    def kill_server(self) -> None:
        """As a power cut would end it."""
        self._server.kill()
        self._server.wait()

    def _answers(self) -> bool:
        try:
            return self._http.get("/health").is_success
        except httpx.TransportError:
            return False

    def _start_worker(self, number: int, setup: Setup) -> None:
        name = f"worker{number}"
        program = [BUILDLEDGER, "worker"] if setup.worker == "python" else [GO_WORKER]
        where = ["--server", self._through(self.grpc_address), "--state", str(self._folder / name)]
        self._workers.append(
            processes.start(
                [*program, *where, "--name", name, "--capacity", str(setup.capacity)],
                cwd=self._folder,
                output=self._folder / f"{name}.txt",
                env={"BUILDLEDGER_WORKER_TOKEN": self.enrollment_token(name)},
            )
        )

    def enrollment_token(self, worker: str) -> str:
        """A one-use token with which a worker of this name can enrol."""
        token: str = self._post("/enrollment-tokens", {"worker": worker})["token"]
        return token

    def worker_cpu_seconds(self) -> float:
        """Processor time of all worker processes and what they have waited for."""
        return sum(processes.cpu_seconds(worker.pid) for worker in self._workers)

    def worker_status(self) -> dict[str, str]:
        """Name → `connected` or `disconnected`, as the server sees it."""
        return {worker["name"]: worker["status"] for worker in self._get("/workers")["items"]}

    def connected(self) -> int:
        """How many workers the server holds for connected."""
        return sum(status == "connected" for status in self.worker_status().values())

    def _get(self, path: str, **parameters: str | int) -> dict[str, Any]:
        answer = self._http.get(path, params=parameters)
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._http.post(path, json=body)
        answer.raise_for_status()
        receipt: dict[str, Any] = answer.json()
        return receipt

    def submit_change(self, number: int) -> None:
        """As a webhook that carries its commit; answered when the commit is durable.

        Each on a branch of its own: of one branch, what arrives together would be built together.
        """
        commit = {
            "revision": f"{number + 1:040x}",
            "author": "A <a@b.example>",
            "message": f"change {number}",
            "committed_at": COMMITTED_AT,
            "files": ["a.c", "b.c"],
        }
        answer = self._http.post(
            "/sources/widget/changes",
            params={"wait": "false"},
            json={"branch": f"change-{number}", "commits": [commit]},
        )
        answer.raise_for_status()

    def _read_on(self) -> None:
        """Count the builds that have finished since the last look."""
        while True:
            page = self._get("/facts", after=self._seen, name="build.finished.v1", limit=PAGE)
            for item in page["items"]:
                self._seen = item["position"]
                self._finished += 1
                self._failed += item["data"]["result"] != "success"
            if len(page["items"]) < PAGE:
                return

    def finished_builds(self) -> int:
        """Counted from the ledger's own facts, read on from the last look."""
        self._read_on()
        return self._finished

    def failed_builds(self) -> int:
        """Those that did not succeed, from the same facts."""
        self._read_on()
        return self._failed

    def last_log_bytes(self) -> int:
        """How much of the newest build's log is durable."""
        size: int = self._get(f"/logs/{self._last_log_id()}")["extent"]["size_bytes"]
        return size

    def fetch_last_log(self) -> int:
        """The raw log of the newest build."""
        size = 0
        with self._http.stream("GET", f"/logs/{self._last_log_id()}/raw") as answer:
            answer.raise_for_status()
            for block in answer.iter_raw():
                size += len(block)
        return size

    def _last_log_id(self) -> str:
        build = self._get("/builds", limit=1)["items"][0]["id"]
        steps = self._get(f"/builds/{build}/steps")["items"]
        log: str = steps[-1]["operations"][-1]["logs"][-1]["id"]
        return log

    def stop(self) -> None:
        """Workers first."""
        for process in [*self._workers, self._server]:
            processes.stop(process)
        self._http.close()


def _configuration(setup: Setup) -> dict[str, Any]:
    builders = [f"builder{number}" for number in range(setup.builders)]
    return {
        "version": 1,
        "server": {"title": "bench"},
        "sources": {"widget": {"git": "https://widget.example/widget.git", "poll": "never"}},
        "workers": {
            **{f"worker{number}": {"capacity": setup.capacity} for number in range(setup.workers)},
            **{name: {"capacity": 1} for name in setup.other_workers},
        },
        # Every build counts; the default would merge those that wait.
        "builders": {name: {"steps": [{"run": list(setup.command)}], "collapse": "never"} for name in builders},
        "triggers": [{"on": "change", "source": "widget", "settle": "0s", "build": builders}],
    }
