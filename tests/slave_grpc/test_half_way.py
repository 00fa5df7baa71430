"""Transfers that are stopped half-way: nothing of them stays open, on the worker or at the server, in any language."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from buildledger.domain.build import StopBuild
from buildledger.events.build import ArtifactStored
from buildledger.events.ids import BuildId, OperationId
from buildledger.events.operation import Download, OperationSpec, Run, Upload
from buildledger.logs.artifacts import Upload as StoreUpload
from tests.slave_grpc.service import Installation
from tests.slave_grpc.worker_programs import PROGRAMS, worker_program

UPLOAD = Upload(path="large", artifact="large", limit_bytes=1 << 30)
LARGE = Run(script="seq 500000 > large")
PROCESSES = Path("/proc")


class Gate:
    """Holds up whoever moves a file through the store, after the first piece, until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def wait(self) -> None:
        self.reached.set()
        self.opened.wait(20)

    def read(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        yield next(pieces)
        self.wait()
        yield from pieces


class _HeldUp:
    """An upload that waits at a gate before each piece but the first."""

    def __init__(self, upload: StoreUpload, gate: Gate) -> None:
        self._upload, self._gate, self._pieces = upload, gate, 0

    def write(self, data: bytes) -> None:
        if self._pieces:
            self._gate.wait()
        self._pieces += 1
        self._upload.write(data)

    def finish(self) -> None:
        self._upload.finish()

    def close(self) -> None:
        self._upload.close()


async def stopped(installation: Installation, build: BuildId, operation: OperationId, gate: Gate) -> None:
    """Stop a build whose operation waits at a gate, and open that when the worker has reported the end."""
    async with asyncio.timeout(20):
        await asyncio.to_thread(gate.reached.wait, 20)
        await installation.execute(StopBuild(build_id=build, reason="not needed"))
        assert (await installation.ended(operation)).reason == "cancel"
    gate.opened.set()


async def done(installation: Installation, build: BuildId, spec: OperationSpec, number: int) -> None:
    ended = await installation.ended(await installation.operation(build, spec, number))
    assert ended.ok, ended


@pytest.mark.parametrize("language", PROGRAMS)
async def test_a_transfer_that_is_stopped_half_way_leaves_nothing(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """The next build can upload the same file at once, a download leaves what was there, and no file stays open."""
    await installation.issue_token("token")
    server, work = f"127.0.0.1:{installation.port}", tmp_path / "worker"
    upload, read = installation.artifacts.upload, installation.artifacts.read
    async with worker_program(language, work, "--server", server, "--token", "token"):
        first = await installation.build("bob")
        await done(installation, first, LARGE, 0)
        gate = Gate()
        monkeypatch.setattr(installation.artifacts, "upload", lambda *given: _HeldUp(upload(*given), gate))
        await stopped(installation, first, await installation.operation(first, UPLOAD, 1), gate)
        monkeypatch.setattr(installation.artifacts, "upload", upload)

        second = await installation.build("bob")
        await done(installation, second, LARGE, 0)
        await done(installation, second, UPLOAD, 1)
        await done(installation, second, Run(script="echo before > got"), 2)
        stored = await installation.wait_for(ArtifactStored)
        download = Download(artifact="large", sha256=stored.sha256, size_bytes=stored.size_bytes, path="got")
        gate = Gate()
        monkeypatch.setattr(installation.artifacts, "read", lambda *given: gate.read(read(*given)))
        await stopped(installation, second, await installation.operation(second, download, 3), gate)
        directory = next((work / "work").rglob("got")).parent
        assert sorted(path.name for path in directory.iterdir() if path.name != ".buildledger") == ["got", "large"]
        assert (directory / "got").read_text() == "before\n"
        for _ in range(250):
            left = open_below(work / "work", installation.directory / "artifacts")
            if not left:
                break
            await asyncio.sleep(0.02)
        assert not left


def open_below(*directories: Path) -> list[str]:
    """The files in these directories that any process of this machine has open."""
    found: list[str] = []
    for link in PROCESSES.glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            found.append(str(link.readlink()))
    return [path for path in found if any(path.startswith(f"{directory}/") for directory in directories)]
