"""A real installation for tests that kill it: server and worker are processes, and kill means SIGKILL."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from buildledger.clock import SystemClock
from buildledger.events.fact import Fact, Recorded
from buildledger.ledger.ledger import Ledger
from buildledger.settings import ADMIN_TOKEN_FILE, Address, AutoTls, ServerSettings
from tests.fakes.ports import free_port
from tests.faults.disk import Disk

DEADLINE_SECONDS = 120.0
POLL_SECONDS = 0.02
WORKER = "w1"

F = TypeVar("F", bound=Fact)

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["buildledger.composition"])
"""Servers start from a process that has everything imported: a start takes a fraction of a second."""


def _serve(settings: ServerSettings, output: Path, on: Disk | None) -> None:
    """What `buildledger serve` does, in a process of its own."""
    from buildledger.cli.narration import Introduction, Narration
    from buildledger.composition import run_server

    if on is not None:
        on.enter()
    with output.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    introduction = Introduction(state=settings.state, config=None, to_a_person=False)
    asyncio.run(run_server(settings, Narration(introduction, print, follows_builds=False)))


class WaitedTooLongError(AssertionError):
    """Something that was waited for didn't come."""


class Installation:
    """One state directory, one server, one worker."""

    def __init__(
        self,
        directory: Path,
        text: str,
        *,
        lease_seconds: float = 90.0,
        database: str | None = None,
        artifact_build_bytes: int = 1 << 30,
        grpc_tls: AutoTls | None = None,
        on: Disk | None = None,
        machine: str | None = None,
    ) -> None:
        """`machine`: it is on another one than servers with another name, and answers them."""
        self.directory = directory
        self._disk = on
        config = directory / "ci.yaml"
        config.write_text(text)
        self._settings = ServerSettings(
            state=directory / "state",
            config=config,
            database=database,
            http=Address(host="127.0.0.1", port=free_port()),
            grpc=Address(host="127.0.0.1", port=free_port()),
            lease_seconds=lease_seconds,
            artifact_build_bytes=artifact_build_bytes,
            grpc_tls=grpc_tls,
            machine=machine,
            peer=None if machine is None else Address(host="127.0.0.1", port=free_port()),
        )
        self._server: ForkServerProcess | None = None
        self._worker: subprocess.Popen[bytes] | None = None

    @property
    def state(self) -> Path:
        """The server's state directory, as it is seen from here."""
        state = self._settings.state
        return state if self._disk is None else self._disk.seen(state)

    @property
    def database(self) -> str | None:
        """Of PostgreSQL; None: SQLite in the state directory."""
        return self._settings.database

    @property
    def gateway(self) -> str:
        """Where workers connect to."""
        return str(self._settings.grpc)

    def start_server(self) -> httpx.Client:
        """Start it and wait until it answers."""
        server = self._server = _context.Process(
            target=_serve, args=(self._settings, self.directory / "server.txt", self._disk)
        )
        server.start()
        url = f"http://{self._settings.http}/api/v1"

        def answers() -> bool:
            assert server.exitcode is None, self._tail("server")
            try:
                return httpx.get(f"{url}/health", timeout=5).is_success
            except httpx.TransportError:
                return False

        wait_until(answers, "the server answers", self._tail)
        token = (self.state / ADMIN_TOKEN_FILE).read_text().strip()
        return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=DEADLINE_SECONDS)

    def kill_server(self) -> None:
        """SIGKILL: it does nothing any more."""
        assert self._server is not None
        self._server.kill()
        self._server.join()

    def wait_for_end(self) -> None:
        """Wait until the server has ended by itself."""
        assert self._server is not None
        self._server.join(DEADLINE_SECONDS)
        assert self._server.exitcode == 0, self._tail()

    @property
    def server_exit_code(self) -> int | None:
        """How the server ended, the signal negative; None while it runs."""
        assert self._server is not None
        return self._server.exitcode

    @property
    def server_runs(self) -> bool:
        """Whether the server's process is there."""
        return self._server is not None and self._server.exitcode is None

    @property
    def server_pid(self) -> int:
        """The server's process."""
        assert self._server is not None
        assert self._server.pid is not None
        return self._server.pid

    def start_worker(
        self, client: httpx.Client, capacity: int = 8, supervisor: Path | None = None, gateway: str | None = None
    ) -> None:
        """Start it, with this server's gateway or another; until it has enrolled it is given an enrollment token."""
        folder = self.directory / "worker"
        arguments = ["--server", gateway or str(self._settings.grpc), "--name", WORKER, "--state", str(folder)]
        arguments += ["--supervisor", str(supervisor or "none")]
        environment = dict(os.environ)
        if not (folder / "credential.json").exists():
            token = client.post("/enrollment-tokens", json={"worker": WORKER}).raise_for_status().json()["token"]
            environment["BUILDLEDGER_WORKER_TOKEN"] = token
        with (self.directory / "worker.txt").open("ab") as output:
            self._worker = subprocess.Popen(
                [sys.executable, "-m", "buildledger", "worker", *arguments, "--capacity", str(capacity)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def kill_worker(self) -> None:
        """SIGKILL: of the worker alone; what it had started it can't stop any more."""
        assert self._worker is not None
        self._worker.kill()
        self._worker.wait()

    def close(self) -> None:
        """End whatever still runs."""
        if self._worker is not None and self._worker.poll() is None:
            self._worker.send_signal(signal.SIGTERM)
            try:
                self._worker.wait(DEADLINE_SECONDS)
            except subprocess.TimeoutExpired:
                self._worker.kill()
                self._worker.wait()
        if self._server is not None and self._server.exitcode is None:
            self.kill_server()
        self._end_elastic_workers()

    def _end_elastic_workers(self) -> None:
        """The workers that the server has started as processes beside it outlive it, as they should."""
        for written in (self.state / "elastic").glob("*/start-*.pid"):
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(int(written.read_text()))
                process.terminate()
                with contextlib.suppress(psutil.TimeoutExpired):
                    process.wait(DEADLINE_SECONDS)

    def force(self, client: httpx.Client, builder: str) -> str:
        """Ask for a build; gives the request's id once it was answered 2xx."""
        answer = client.post(f"/builders/{builder}/force", json={})
        assert answer.is_success, answer.text
        request_id: str = answer.json()["request_id"]
        return request_id

    def wait_for_answer(self, client: httpx.Client, request_id: str) -> str:
        """Wait until a request is answered, and give its result."""

        def result() -> str | None:
            found: str | None = client.get(f"/requests/{request_id}").raise_for_status().json()["request"]["result"]
            return found

        return str(wait_until(result, f"request {request_id} is answered", self._tail))

    def recorded(self, *kinds: type[Fact]) -> list[Recorded]:
        """The facts of these kinds; while no server runs, or beside it; not of one on a disk of its own."""
        assert self._disk is None, "SQLite follows the link in /proc by its text, out of the disk"
        database = self._settings.database or f"sqlite:///{self.state / 'ledger.db'}"
        ledger = Ledger.open(database, clock=SystemClock())
        try:
            return [each for each in ledger.read(0, 1_000_000) if isinstance(each.fact, kinds)]
        finally:
            ledger.close()

    def facts(self, kind: type[F]) -> list[F]:
        """The facts of one kind."""
        return [each.fact for each in self.recorded(kind) if isinstance(each.fact, kind)]

    def verify(self) -> None:
        """`buildledger audit verify` finds nothing that was altered or lost."""
        entering = () if self._disk is None else self._disk.entering
        command = [*entering, sys.executable, "-m", "buildledger", "audit", "verify"]
        command += ["--state", str(self._settings.state)]
        command += ["--database", self._settings.database] if self._settings.database else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def output(self) -> str:
        """All that the server has said."""
        return (self.directory / "server.txt").read_text(errors="replace")

    def _tail(self, name: str = "server") -> str:
        output = self.directory / f"{name}.txt"
        return "\n".join(output.read_text(errors="replace").splitlines()[-40:]) if output.exists() else ""


@contextmanager
def installation(
    directory: Path,
    text: str,
    *,
    lease_seconds: float = 90.0,
    database: str | None = None,
    artifact_build_bytes: int = 1 << 30,
    grpc_tls: AutoTls | None = None,
    on: Disk | None = None,
    machine: str | None = None,
) -> Iterator[Installation]:
    """One that is gone when the test is over; with its state `on` a disk that is mounted at `directory / "state"`."""
    installed = Installation(
        directory,
        text,
        lease_seconds=lease_seconds,
        database=database,
        artifact_build_bytes=artifact_build_bytes,
        grpc_tls=grpc_tls,
        on=on,
        machine=machine,
    )
    try:
        yield installed
    finally:
        installed.close()


def wait_until(condition: Callable[[], Any], what: str, why_not: Callable[[], str] = lambda: "") -> Any:
    """Look until a condition holds, and give what it gave.

    Raises:
        WaitedTooLongError: At a deadline; says what was waited for.
    """
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (found := condition()):
        if time.monotonic() >= deadline:
            raise WaitedTooLongError(f"waited {DEADLINE_SECONDS:g} s until {what}\n{why_not()}")
        time.sleep(POLL_SECONDS)
    return found
