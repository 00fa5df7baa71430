"""Build Ledger with its workers, started by its own commands and seen through its own REST API."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from bench import processes
from bench.system import Setup

START_TIMEOUT_SECONDS = 60.0
PAGE = 500
BUILDLEDGER = Path(sys.executable).with_name("buildledger")
COMMITTED_AT = "2026-01-01T00:00:00Z"


class BuildLedger:
    """One server on SQLite, and `setup.workers` Python worker processes over gRPC."""

    name = "build-ledger"

    def __init__(self, folder: Path, setup: Setup) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._seen, self._finished, self._failed = 0, 0, 0
        http_port, self._grpc_port = processes.free_port(), processes.free_port()
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{http_port}/api/v1", timeout=120.0)
        try:
            self._start_server(setup, http_port)
            for number in range(setup.workers):
                self._start_worker(number, setup.capacity)
            processes.wait_until("the workers", lambda: self._connected() == setup.workers, START_TIMEOUT_SECONDS)
        except BaseException:
            self.stop()
            raise

    def _start_server(self, setup: Setup, http_port: int) -> None:
        config = self._folder / "ci.json"
        config.write_text(json.dumps(_configuration(setup)))
        state = self._folder / "state"
        addresses = ["--http", f"127.0.0.1:{http_port}", "--grpc", f"127.0.0.1:{self._grpc_port}"]
        process = processes.start(
            [BUILDLEDGER, "serve", "--state", state, "--config", config, *addresses],
            cwd=self._folder,
            output=self._folder / "server.txt",
        )
        self._processes.append(process)
        self.server_pid = process.pid
        processes.wait_until("the server", self._answers, START_TIMEOUT_SECONDS)
        self._http.headers["Authorization"] = f"Bearer {(state / 'admin-token').read_text().strip()}"

    def _answers(self) -> bool:
        try:
            return self._http.get("/health").is_success
        except httpx.TransportError:
            return False

    def _start_worker(self, number: int, capacity: int) -> None:
        name = f"worker{number}"
        token = self._post("/enrollment-tokens", {"worker": name})["token"]
        where = ["--server", f"127.0.0.1:{self._grpc_port}", "--state", str(self._folder / name)]
        self._processes.append(
            processes.start(
                [BUILDLEDGER, "worker", *where, "--name", name, "--capacity", str(capacity)],
                cwd=self._folder,
                output=self._folder / f"{name}.txt",
                env={"BUILDLEDGER_WORKER_TOKEN": token},
            )
        )

    def _connected(self) -> int:
        return sum(worker["status"] == "connected" for worker in self._get("/workers")["items"])

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

    def fetch_last_log(self) -> int:
        """The raw log of the newest build."""
        build = self._get("/builds", limit=1)["items"][0]["id"]
        steps = self._get(f"/builds/{build}/steps")["items"]
        log = steps[-1]["operations"][-1]["logs"][-1]["id"]
        size = 0
        with self._http.stream("GET", f"/logs/{log}/raw") as answer:
            answer.raise_for_status()
            for block in answer.iter_raw():
                size += len(block)
        return size

    def stop(self) -> None:
        """Workers first."""
        for process in reversed(self._processes):
            processes.stop(process)
        self._http.close()


def _configuration(setup: Setup) -> dict[str, Any]:
    builders = [f"builder{number}" for number in range(setup.builders)]
    return {
        "version": 1,
        "server": {"title": "bench"},
        "sources": {"widget": {"git": "https://widget.example/widget.git", "poll": "never"}},
        "workers": {f"worker{number}": {"capacity": setup.capacity} for number in range(setup.workers)},
        # Every build counts; the default would merge those that wait.
        "builders": {name: {"steps": [{"run": list(setup.command)}], "collapse": "never"} for name in builders},
        "triggers": [{"on": "change", "source": "widget", "settle": "0s", "build": builders}],
    }
