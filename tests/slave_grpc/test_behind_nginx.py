"""The real nginx ends TLS before the server: everything passes it, and its end costs nothing."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from buildledger.clock import SystemClock
from buildledger.events.build import ArtifactStored, OperationStarted
from buildledger.events.ids import BuildId
from buildledger.events.operation import Run, Text, Upload
from buildledger.events.worker import WorkerConnected, WorkerEnrolled
from buildledger.slave_grpc.authority import Authority, private_pem
from tests.fakes.ports import free_port
from tests.slave_grpc.service import PATIENCE_SECONDS, Installation
from tests.slave_grpc.worker_programs import ROOT, worker_program

EXAMPLE = ROOT / "examples" / "proxies" / "nginx.conf"
FILE_BYTES = 24 << 20
GATED = """
i=0; while [ $i -lt 2000 ]; do echo "before $i"; i=$((i+1)); done
while [ ! -e "$GATE.1" ]; do sleep 0.05; done
i=0; while [ $i -lt 2000 ]; do echo "between $i"; i=$((i+1)); done
while [ ! -e "$GATE.2" ]; do sleep 0.05; done
i=0; while [ $i -lt 2000 ]; do echo "after $i"; i=$((i+1)); done
"""
WRITTEN = b"".join(b"%s %d\n" % (word, i) for word in (b"before", b"between", b"after") for i in range(2000))


class Nginx:
    """The configuration of the example, at other addresses."""

    def __init__(self, directory: Path, server_port: int) -> None:
        directory.mkdir()
        self.port = free_port()
        self.issuer = directory / "issuer.pem"
        self._configuration = directory / "nginx.conf"
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        authority, key = Authority.at(directory, datetime.now(UTC)), ec.generate_private_key(ec.SECP256R1())
        chain = authority.certify_server(key.public_key(), ("localhost", "127.0.0.1"), datetime.now(UTC)).chain_pem
        (directory / "server.pem").write_bytes(chain)
        (directory / "server-key.pem").write_bytes(private_pem(key))
        self.issuer.write_bytes(authority.certificate_pem)
        text = EXAMPLE.read_text()
        for written, here in {
            "127.0.0.1:8011": f"127.0.0.1:{server_port}",
            "listen 443": f"listen 127.0.0.1:{self.port}",
            "/var/log/nginx/buildledger.log": str(directory / "access.log"),
            "/etc/ssl/ci.example.org.pem": str(directory / "server.pem"),
            "/etc/ssl/private/ci.example.org-key.pem": str(directory / "server-key.pem"),
            "worker_processes auto;": f"worker_processes 1; daemon off; pid {directory}/pid;",
            "worker_shutdown_timeout 10s;": "worker_shutdown_timeout 1s;",
        }.items():
            assert written in text, written
            text = text.replace(written, here)
        self._configuration.write_text(text)

    def start(self) -> None:
        """Serve."""
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        arguments = [program, "-p", str(self._directory), "-c", str(self._configuration), "-e", "error.log"]
        # Its own group, so that kill() reaches its children too.
        self._process = subprocess.Popen(arguments, process_group=0)

    def reload(self) -> None:
        """Let fresh processes take over; the old ones give their streams a second."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def requests(self) -> list[str]:
        """What it has logged; a request is logged when it is over."""
        return (self._directory / "access.log").read_text().splitlines()


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    """A server in the present, without TLS."""
    installation = Installation(tmp_path / "server")
    installation.close()
    installation.time = SystemClock()
    installation.open()
    await installation.start()
    yield installation
    await installation.stop()


@pytest.mark.parametrize("language", ["python", "go", "node"])
async def test_reloaded_and_killed_in_mid_step(installation: Installation, tmp_path: Path, language: str) -> None:
    """A worker enrolls through nginx and runs a step; nginx is reloaded, then killed and started again, and the step
    goes on: it was started once, its output arrives whole, and so does a large file afterwards."""
    gate = tmp_path / "gate"
    nginx = Nginx(tmp_path / "nginx", installation.port)
    await installation.issue_token("token")
    build = await installation.build("bob")
    operation = await installation.operation(build, Run(script=GATED, env={"GATE": Text(value=str(gate))}))
    arguments = ("--server", f"localhost:{nginx.port}", "--ca", str(nginx.issuer), "--token", "token")
    nginx.start()
    try:
        async with worker_program(language, tmp_path / "worker", *arguments):
            await installation.wait_for(OperationStarted)
            nginx.reload()
            await installation.wait_for(WorkerConnected, 2)
            (tmp_path / "gate.1").touch()
            nginx.kill()
            nginx.start()
            await installation.wait_for(WorkerConnected, 3)
            (tmp_path / "gate.2").touch()
            ended = await installation.ended(operation)
            assert (ended.reason, ended.exit_code) == ("exited", 0), ended
            assert [output.sha256 for output in ended.outputs] == [hashlib.sha256(WRITTEN).hexdigest()]
            assert len(installation.facts(OperationStarted)) == 1
            assert installation.facts(WorkerEnrolled)[0].public_key, "the credential is bound"  # type: ignore[attr-defined]
            await _large_file(installation, build)
            assert any("Enrollment/Enroll" in line and " 200 " in line for line in nginx.requests())
    except BaseException:
        print((tmp_path / "worker" / "log").read_text())  # noqa: T201 - why it failed
        raise
    finally:
        nginx.kill()


async def _large_file(installation: Installation, build: BuildId) -> None:
    """A file of many messages passes, although nginx doesn't know its size."""
    make = Run(script=f"head -c {FILE_BYTES} /dev/urandom > large; sha256sum < large", capture_bytes=100)
    made = await installation.ended(await installation.operation(build, make, 1))
    upload = Upload(path="large", artifact="large", limit_bytes=2 * FILE_BYTES)
    async with asyncio.timeout(PATIENCE_SECONDS):
        ended = await installation.ended(await installation.operation(build, upload, 2))
    assert ended.ok, ended
    assert (await installation.wait_for(ArtifactStored)).sha256 == made.text.split()[0]
