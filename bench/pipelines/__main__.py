"""`python -m bench.pipelines`: a server without workers that follows a repository, seen through the API."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import click
import httpx

from bench import processes
from bench.ours import BUILDLEDGER
from bench.pipelines import repository

OUT = Path(__file__).resolve().parents[2] / "out" / "bench-pipelines"
TIMEOUT_SECONDS = 900.0
QUIET_SECONDS = 3.0
PUSHES = 20
MIB = 1 << 20


@click.command()
@click.option("--branches", default=1_000, show_default=True, type=click.IntRange(1, 10_000), help="Pushed at once.")
@click.option("--alike", is_flag=True, help="All with the same file.")
def main(branches: int, alike: bool) -> None:
    """Push commits and many branches that have a file of their own; then change the configuration and start again."""
    processes.end_on_sigterm()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        figures = Measured(Path(folder)).run(branches, alike=alike)
    for name, value in figures.items():
        click.echo(f"{name:34} {value:8.2f}")
    (OUT / "figures.json").write_text(json.dumps({"branches": branches, "alike": alike, **figures}, indent=2) + "\n")


class Measured:
    """A server and its repository."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._repository = folder / "widget"
        self._http = f"127.0.0.1:{processes.free_port()}"
        self._grpc = f"127.0.0.1:{processes.free_port()}"
        self._server: subprocess.Popen[bytes] | None = None
        self._api = httpx.Client(base_url=f"http://{self._http}/api/v1", timeout=TIMEOUT_SECONDS)

    def run(self, branches: int, *, alike: bool) -> dict[str, float]:
        """All figures, in the order in which they are taken."""
        repository.make(self._repository)
        self._configure("builders")
        figures: dict[str, float] = {}
        try:
            figures["start_empty_seconds"] = self._start()
            self._wait_for(1)
            before = self._memory_mib()
            cpu = self._cpu()
            for number in range(1, PUSHES + 1):
                self._wait_for_push(repository.push(self._repository, number))
            figures["push_server_cpu_ms"] = 1_000 * (self._quiet_cpu() - cpu) / PUSHES
            began, cpu = time.monotonic(), self._cpu()
            repository.add_branches(self._repository, branches, alike=alike)
            self._wait_for(branches + 1)
            figures["branches_seconds"] = time.monotonic() - began
            figures["branches_server_cpu_seconds"] = self._quiet_cpu() - cpu
            figures["branches_memory_mib"] = self._memory_mib() - before
            cpu = self._cpu()
            self._configure("builders, matrix")
            figures["configuration_server_cpu_seconds"] = self._quiet_cpu() - cpu
            began = time.monotonic()
            self._api.get("/sources/widget/pipelines").raise_for_status()
            figures["list_seconds"] = time.monotonic() - began
            processes.stop(self._running)
            figures["start_seconds"] = self._start()
            figures["start_server_cpu_seconds"] = self._quiet_cpu()
            figures["started_memory_mib"] = self._memory_mib()
        finally:
            if self._server is not None:
                processes.stop(self._server)
        return figures

    def _configure(self, may_define: str) -> None:
        source = f'widget: {{git: "file://{self._repository}", poll: 1h}}'
        text = f"version: 1\nsources: {{{source}}}\nrepo_pipelines: {{widget: {{may_define: [{may_define}]}}}}\n"
        (self._folder / "ci.yaml").write_text(text)

    def _start(self) -> float:
        began, state = time.monotonic(), self._folder / "state"
        addresses = ["--http", self._http, "--grpc", self._grpc]
        files: list[str | Path] = ["--state", state, "--config", self._folder / "ci.yaml"]
        command = [BUILDLEDGER, "serve", *files, *addresses]
        self._server = processes.start(command, self._folder, OUT / "server.txt")
        processes.wait_until("the server", self._answers, TIMEOUT_SECONDS)
        self._api.headers["Authorization"] = f"Bearer {(state / 'admin-token').read_text().strip()}"
        return time.monotonic() - began

    def _answers(self) -> bool:
        try:
            return self._api.get("/health").is_success
        except httpx.TransportError:
            return False

    def _wait_for(self, branches: int) -> None:
        """Until so many branches are built by their file."""

        def are_read() -> bool:
            counts = self._api.get("/sources/widget/pipelines?limit=1").raise_for_status().json()["counts"]
            return bool(counts["read"] == branches)

        processes.wait_until("the branches", are_read, TIMEOUT_SECONDS)

    def _wait_for_push(self, revision: str) -> None:
        """Until main is known to be at this revision, whose file is read by then."""

        def has_moved() -> bool:
            (source,) = self._api.get("/sources").raise_for_status().json()["items"]
            return any(branch["revision"] == revision for branch in source["branches"])

        processes.wait_until("the push", has_moved, TIMEOUT_SECONDS)

    def _cpu(self) -> float:
        return processes.cpu_seconds(self._running.pid)

    def _quiet_cpu(self) -> float:
        """The processor time that was used when the server has nothing left to do."""
        before = -1.0
        while (now := self._cpu()) - before > 0.05 * QUIET_SECONDS:
            before = now
            time.sleep(QUIET_SECONDS)
        return now

    def _memory_mib(self) -> float:
        return processes.memory_bytes(self._running.pid) / MIB

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._server is not None
        return self._server


if __name__ == "__main__":
    main()
