"""A real server, a real bridge and real old workers, each in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from buildledger.settings import ADMIN_TOKEN_FILE
from tests.bridge.old_worker import STOP_SECONDS, OldWorker
from tests.fakes.ports import free_port
from tests.faults.installation import Installation, wait_until

PASSWORD = "sesame"


class Fleet:
    """An installation whose workers are those of a Buildbot fleet."""

    def __init__(self, installation: Installation, names: tuple[str, ...]) -> None:
        self.installation = installation
        self.client = installation.start_server()
        self._directory = installation.directory
        self._port = free_port()
        self._bridge: subprocess.Popen[bytes] | None = None
        (self._directory / "password").write_text(PASSWORD)
        entries = "".join(f"  {name}: {{password_file: password}}\n" for name in names)
        (self._directory / "workers.yaml").write_text(f"workers:\n{entries}")
        self.workers = {
            name: OldWorker(self._directory / name, port=self._port, name=name, password=PASSWORD) for name in names
        }

    def start(self) -> None:
        """Start the bridge and the workers, and wait until all are there."""
        self.start_bridge()
        for worker in self.workers.values():
            worker.start()
        wait_until(lambda: self.connected() == set(self.workers), "all workers are connected", self.output)

    def start_bridge(self) -> None:
        """Start the bridge, which enrolls workers by itself."""
        options = {
            "--server": self.installation.gateway,
            "--listen": f"127.0.0.1:{self._port}",
            "--state": self._directory / "bridge",
            "--workers": self._directory / "workers.yaml",
            "--api": f"http://{self.client.base_url.netloc.decode()}",
            "--admin-token": self.installation.state / ADMIN_TOKEN_FILE,
        }
        arguments = [str(each) for option in options.items() for each in option]
        with (self._directory / "bridge.txt").open("ab") as output:
            self._bridge = subprocess.Popen(
                [sys.executable, "-m", "buildledger", "bridge", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def kill_bridge(self) -> None:
        """SIGKILL."""
        assert self._bridge is not None
        self._bridge.kill()
        self._bridge.wait()

    def end_bridge(self) -> int:
        """SIGTERM; gives its exit code."""
        assert self._bridge is not None
        self._bridge.send_signal(signal.SIGTERM)
        return self._bridge.wait(STOP_SECONDS)

    def output(self) -> str:
        """What the bridge has printed."""
        return (self._directory / "bridge.txt").read_text()

    def connected(self) -> set[str]:
        """Names of the workers that the server is connected to."""
        workers = self.client.get("/workers").raise_for_status().json()["items"]
        return {worker["name"] for worker in workers if worker["status"] == "connected"}

    def close(self) -> None:
        """End whatever still runs."""
        for worker in self.workers.values():
            worker.stop()
        if self._bridge is not None and self._bridge.poll() is None:
            self.kill_bridge()


@contextmanager
def fleet(directory: Path, text: str, *names: str) -> Iterator[Fleet]:
    """One that is gone when the test is over."""
    installation = Installation(directory, text)
    try:
        the_fleet = Fleet(installation, names)
        try:
            yield the_fleet
        finally:
            the_fleet.close()
    finally:
        installation.close()


def log_of(client: httpx.Client, build: str, step: int) -> bytes:
    """All output of one step, as the server keeps it."""
    steps = client.get(f"/builds/{build}/steps").raise_for_status().json()["items"]
    logs = [log["id"] for operation in steps[step]["operations"] for log in operation["logs"]]
    return b"".join(client.get(f"/logs/{log}/raw").raise_for_status().content for log in logs)


def statuses(client: httpx.Client) -> list[str]:
    """Of the operations of the newest build's first step."""
    builds = client.get("/builds").raise_for_status().json()["items"]
    steps = [client.get(f"/builds/{build['id']}/steps").raise_for_status().json()["items"] for build in builds[:1]]
    return [operation["status"] for each in steps for step in each[:1] for operation in step["operations"]]
