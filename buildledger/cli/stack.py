"""A server and a worker side by side as child processes, for `buildledger demo`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import httpx

from buildledger.cli.client import Client
from buildledger.settings import ADDRESS_FILE, Address
from buildledger.worker import interrupts

START_TIMEOUT_SECONDS = 120.0
"""On a machine that is busy with something else; a server that ends is noticed at once."""
STOP_TIMEOUT_SECONDS = 15.0
POLL_SECONDS = 0.1
END_POLL_SECONDS = 0.02
KILL_AFTER_SECONDS = 2.0
RESTARTS_MAX = 20
TAIL_LINES = 15
ERROR = "Error: "
"""What an error begins with on the command line."""
WORKER = "local"
WORKER_CAPACITY = 2


class Stack:
    """Starts both, starts again whichever dies, and stops both."""

    def __init__(self, state: Path, config: Path, http: Address, grpc: Address) -> None:
        self._state, self._config, self._http, self._grpc = state, config, http, grpc
        self._server: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None
        self._restarts = 0

    @property
    def server_pid(self) -> int:
        """Of the server process that runs."""
        assert self._server is not None
        return self._server.pid

    @property
    def worker_pid(self) -> int:
        """Of the worker process that runs."""
        assert self._worker is not None
        return self._worker.pid

    def start(self) -> Client:
        """Start both and wait until the server answers."""
        self._state.mkdir(parents=True, exist_ok=True)
        client = self._start_server()
        self._start_worker(client)
        return client

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Return when `until()` holds; meanwhile start again whichever process dies."""
        while not until():
            for name, process in (("server", self._server), ("worker", self._worker)):
                if process is not None and process.poll() is not None:
                    self._restart(name, process.returncode)
            time.sleep(POLL_SECONDS)

    def stop(self, at_once: Callable[[], bool] = lambda: False) -> None:
        """Stop the worker, then the server; in good order unless that takes too long, or `at_once()` holds."""
        for process in (self._worker, self._server):
            if process is None or process.poll() is not None:
                continue
            process.send_signal(signal.SIGTERM)
            if not _has_ended(process, STOP_TIMEOUT_SECONDS, at_once):
                process.send_signal(signal.SIGTERM)  # which has a worker kill the steps that it waits for
                _has_ended(process, KILL_AFTER_SECONDS)
            process.kill()
            process.wait()

    def _restart(self, name: str, code: int) -> None:
        self._restarts += 1
        how = f"was killed by signal {-code}" if code < 0 else f"exited with {code}"
        if self._restarts > RESTARTS_MAX:
            raise click.ClickException(f"the {name} {how} again; its output is in {self._output(name)}")
        click.echo(f"The {name} {how}: starting it again.")
        if name == "server":
            self._start_server()
            click.echo(f"The server is back, with process {self.server_pid}.")
        else:
            self._spawn_worker({})

    def _start_server(self) -> Client:
        arguments = ["serve", "--state", str(self._state), "--config", str(self._config)]
        arguments += ["--http", str(self._http), "--grpc", str(self._grpc)]
        with interrupts.Held():  # a process that nobody knows the number of would be left behind
            self._server = self._spawn("server", arguments, {})
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self._healthy():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise click.ClickException(self._why_it_did_not_start())
            time.sleep(POLL_SECONDS)
        return Client(self._state)

    def _start_worker(self, client: Client) -> None:
        token = client.post("/enrollment-tokens", {"worker": WORKER})["token"]
        self._spawn_worker({"BUILDLEDGER_WORKER_TOKEN": token})

    def _spawn_worker(self, env: dict[str, str]) -> None:
        folder = self._state / "worker"
        arguments = ["worker", "--server", str(self._grpc), "--name", WORKER, "--state", str(folder)]
        with interrupts.Held():
            self._worker = self._spawn("worker", [*arguments, "--capacity", str(WORKER_CAPACITY)], env)

    def _healthy(self) -> bool:
        """Whether it answers and has written down where, which it does a moment after it listens."""
        url = f"http://{self._http}"
        try:
            written = (self._state / ADDRESS_FILE).read_text().strip()
            return written == url and httpx.get(f"{url}/api/v1/health", timeout=1.0).is_success
        except (FileNotFoundError, httpx.TransportError):
            return False

    def _spawn(self, name: str, arguments: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
        # The steps of the demonstration use the tools of the environment that Build Ledger itself runs in.
        tools = str(Path(sys.executable).parent)
        with self._output(name).open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "buildledger", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **env, "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}"},
                start_new_session=True,
            )

    def _output(self, name: str) -> Path:
        return self._state / f"{name}.txt"

    def _why_it_did_not_start(self) -> str:
        """What the server said last: its own error alone, if it ended with one."""
        lines = self._output("server").read_text(errors="replace").splitlines()[-TAIL_LINES:]
        if lines and lines[-1].startswith(ERROR):
            return f"the server didn't start: {lines[-1].removeprefix(ERROR)}"
        if not lines:
            return f"the server didn't answer within {START_TIMEOUT_SECONDS:g} s, and has said nothing"
        said = "\n".join(lines)
        return f"the server didn't start; the end of {self._output('server')}:\n\n{said}"


def _has_ended(process: subprocess.Popen[bytes], seconds: float, unless: Callable[[], bool] = lambda: False) -> bool:
    """Wait so long for its end, and no longer when `unless()` holds."""
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if unless() or time.monotonic() > deadline:
            return False
        time.sleep(END_POLL_SECONDS)
    return True
