"""A real `buildledger serve` and Windows workers that it gives builds to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx

from buildledger.settings import ADMIN_TOKEN_FILE
from tests.fakes.ports import free_port
from tests.faults.installation import wait_until
from tests.wine.windows import Windows, windows_path


class Site:
    """One server process with one configuration; each test has a worker of its own on it."""

    def __init__(self, directory: Path, text: str, env: dict[str, str] | None = None) -> None:
        self._directory = directory
        directory.mkdir()
        self._environment = os.environ | (env or {})
        self._grpc = f"127.0.0.1:{free_port()}"
        self._http = f"127.0.0.1:{free_port()}"
        (directory / "ci.yaml").write_text(text)
        self.start()
        token = (directory / "state" / ADMIN_TOKEN_FILE).read_text().strip()
        self.client = httpx.Client(
            base_url=f"http://{self._http}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=120
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        arguments: list[str | Path] = ["--state", self._directory / "state", "--config", self._directory / "ci.yaml"]
        with (self._directory / "server.txt").open("ab") as output:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "buildledger", "serve", *arguments, "--http", self._http, "--grpc", self._grpc],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.wait_until(self._answers, "the server answers")

    def kill(self) -> None:
        """End the server suddenly."""
        self._server.kill()
        self._server.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the server."""
        self._server.terminate()
        self._server.wait()

    def get(self, path: str) -> Any:
        """A resource of the API."""
        return self.client.get(path).raise_for_status().json()

    def content(self, path: str) -> bytes:
        """The bytes of a log or an artifact."""
        return self.client.get(path).raise_for_status().content

    def force(self, builder: str) -> str:
        """Ask for a build; gives the request's id."""
        answer = self.client.post(f"/builders/{builder}/force", json={})
        assert answer.is_success, answer.text
        return str(answer.json()["request_id"])

    def build_of(self, request_id: str) -> str:
        """Wait until a request has a build, and give its id."""

        def found() -> str | None:
            build_id: str | None = self.get(f"/requests/{request_id}")["request"]["build_id"]
            return build_id

        return str(self.wait_until(found, "the build has begun"))

    def result_of(self, build_id: str) -> str:
        """Wait until a build is over, and give its result."""

        def found() -> str | None:
            result: str | None = self.get(f"/builds/{build_id}")["build"]["result"]
            return result

        return str(self.wait_until(found, "the build is over"))

    def stop(self, build_id: str) -> None:
        """Ask for the end of a build."""
        self.client.post(f"/builds/{build_id}/stop", json={}).raise_for_status()

    def logs_of(self, build_id: str) -> dict[str, bytes]:
        """What each step of a build wrote, by the step's name."""
        steps = self.get(f"/builds/{build_id}")["steps"]
        logs = {step["name"]: [log for each in step["operations"] for log in each["logs"]] for step in steps}
        return {name: b"".join(self.content(f"/logs/{log['id']}/raw") for log in found) for name, found in logs.items()}

    def token(self, worker: str) -> str:
        """A one-use token with which a worker enrolls."""
        return str(self.client.post("/enrollment-tokens", json={"worker": worker}).raise_for_status().json()["token"])

    def wait_until(self, condition: Callable[[], Any], what: str) -> Any:
        """Look until a condition holds; what server and workers have said is shown if it never does."""
        return wait_until(condition, what, self._said)

    @property
    def grpc(self) -> str:
        """Where workers dial."""
        return self._grpc

    def _answers(self) -> bool:
        assert self._server.poll() is None, self._said()
        try:
            return httpx.get(f"http://{self._http}/api/v1/health", timeout=5).is_success
        except httpx.TransportError:
            return False

    def _said(self) -> str:
        return "\n".join(
            f"--- {file.name}\n{file.read_text(errors='replace')[-3000:]}" for file in self._directory.glob("**/*.txt")
        )


class WindowsWorker:
    """A Windows worker of a site; its state directory outlives its process."""

    def __init__(self, site: Site, windows: Windows, program: Path, name: str, directory: Path) -> None:
        self._site, self._windows, self._program, self._name = site, windows, program, name
        self._directory = directory
        directory.mkdir()
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self, *options: str, env: dict[str, str] | None = None) -> Iterator[Self]:
        """Started, and killed if it still runs at the end."""
        self.start(*options, env=env)
        try:
            yield self
        finally:
            self.kill()

    def start(self, *options: str, env: dict[str, str] | None = None) -> None:
        """Start it; the first time with an enrollment token."""
        state = self._directory / "state"
        environment = dict(env or {})
        if not state.exists():
            environment["BUILDLEDGER_WORKER_TOKEN"] = self._site.token(self._name)
        arguments = [
            "--capacity",
            "4",
            "--server",
            self._site.grpc,
            "--name",
            self._name,
            "--state",
            windows_path(state),
            *options,
        ]
        self._process = self._windows.start(
            self._program, *arguments, output=self._directory / "worker.txt", env=environment
        )

    def kill(self) -> None:
        """End it suddenly, and it alone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()


def configuration(builders: dict[str, tuple[str, dict[str, Any]]], **rest: Any) -> str:
    """Builders by name, each with the name of its worker; JSON is YAML too."""
    return json.dumps(
        {
            "version": 1,
            "server": {"title": "Windows"},
            "workers": {worker: {"capacity": 4} for worker, _ in builders.values()},
            "builders": {
                name: {**builder, "worker": f"worker.name == '{worker}'"}
                for name, (worker, builder) in builders.items()
            },
            "triggers": [{"on": "manual", "build": list(builders)}],
            **rest,
        }
    )
