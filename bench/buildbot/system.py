"""A Buildbot master with its workers, seen through its own REST API."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import httpx

from bench import processes
from bench.system import Setup

START_TIMEOUT_SECONDS = 120.0
SUCCESS = 0


class Buildbot:
    """One master on SQLite, and `setup.workers` worker processes over its Perspective Broker protocol."""

    name = "buildbot"

    def __init__(self, binaries: Path, folder: Path, setup: Setup) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._folder, self._binaries = folder, binaries
        self._processes: list[subprocess.Popen[bytes]] = []
        http_port, worker_port = processes.free_port(), processes.free_port()
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{http_port}", timeout=120.0)
        try:
            self._start_master(setup, http_port, worker_port)
            for number in range(setup.workers):
                self._start_worker(number, worker_port)
            processes.wait_until(
                "Buildbot's workers", lambda: self._connected() == setup.workers, START_TIMEOUT_SECONDS
            )
        except BaseException:
            self.stop()
            raise

    def _start_master(self, setup: Setup, http_port: int, worker_port: int) -> None:
        master = self._folder / "master"
        subprocess.run([self._binaries / "buildbot", "create-master", "-q", master], check=True)
        shutil.copy(Path(__file__).with_name("master_cfg.py"), master / "master.cfg")
        bench = {
            "http_port": http_port,
            "worker_port": worker_port,
            "workers": setup.workers,
            "capacity": setup.capacity,
            "builders": setup.builders,
            "command": list(setup.command),
        }
        (master / "bench.json").write_text(json.dumps(bench))
        process = processes.start(
            [self._binaries / "twistd", "--no_save", "--nodaemon", "--pidfile=twistd.pid", "--python=buildbot.tac"],
            cwd=master,
            output=master / "output.txt",
        )
        self._processes.append(process)
        self.server_pid = process.pid
        log = master / "twistd.log"
        processes.wait_until(
            "Buildbot's master",
            lambda: log.exists() and "BuildMaster is running" in log.read_text(errors="replace"),
            START_TIMEOUT_SECONDS,
        )

    def _start_worker(self, number: int, port: int) -> None:
        folder = self._folder / f"worker{number}"
        create = [str(self._binaries / "buildbot-worker"), "create-worker", "--quiet", str(folder)]
        identity = [f"127.0.0.1:{port}", f"worker{number}", "password"]
        subprocess.run([*create, *identity], check=True, stdout=subprocess.DEVNULL)
        self._processes.append(
            processes.start(
                [self._binaries / "twistd", "--no_save", "--nodaemon", "--python=buildbot.tac"],
                cwd=folder,
                output=folder / "output.txt",
            )
        )

    def _connected(self) -> int:
        workers = self._get("workers")["workers"]
        return sum(bool(worker["connected_to"]) for worker in workers)

    def _get(self, path: str) -> dict[str, list[dict[str, object]]]:
        answer = self._http.get(f"/api/v2/{path}")
        answer.raise_for_status()
        body: dict[str, list[dict[str, object]]] = answer.json()
        return body

    def submit_change(self, number: int) -> None:
        """Through the `base` dialect of its change hook."""
        form = {
            "revision": f"{number:040x}",
            "author": "A <a@b.example>",
            "branch": "main",
            "comments": f"change {number}",
            "repository": "https://x.example/y.git",
            "project": "p",
            "files": json.dumps(["a.c", "b.c"]),
        }
        self._http.post("/change_hook/base", data=form).raise_for_status()

    def finished_builds(self) -> int:
        """Complete builds; one small request."""
        return len(self._get("builds?complete=true&field=buildid&field=complete")["builds"])

    def failed_builds(self) -> int:
        """Complete builds with another result than success."""
        return len(
            self._get(f"builds?complete=true&results__ne={SUCCESS}&field=buildid&field=complete&field=results")[
                "builds"
            ]
        )

    def fetch_last_log(self) -> int:
        """The raw `stdio` of the newest build."""
        build = self._get("builds?order=-buildid&limit=1")["builds"][0]["buildid"]
        logs = self._get(f"builds/{build}/steps/command/logs")["logs"]
        if not logs:
            logs = self._get("logs?order=-logid&limit=1")["logs"]
        size = 0
        with self._http.stream("GET", f"/api/v2/logs/{logs[0]['logid']}/raw") as answer:
            answer.raise_for_status()
            for block in answer.iter_bytes():
                size += len(block)
        return size

    def stop(self) -> None:
        """Workers first, so that the master doesn't see them lost."""
        for process in reversed(self._processes):
            processes.stop(process)
        self._http.close()
