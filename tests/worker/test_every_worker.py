"""What all three workers do with files that others can't read, with links, and with their own."""

import hashlib
import os
import re
import shutil
import socket
import stat
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from tests.fakes.blobs import Blobs
from tests.fakes.scripted_server import ScriptedServer
from tests.worker.conftest import THIS_WORKER, script, worker_process

StartProgram = Callable[..., AbstractAsyncContextManager[object]]
ROOT = Path(__file__).parents[2]
WITHOUT_PRIVILEGES = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""For root, whom permissions don't keep from anything otherwise."""


@pytest.fixture(params=["python", "node", "go"])
def program(request: pytest.FixtureRequest, supervisor: Path) -> Sequence[str]:
    """The worker in each language."""
    if request.param == "python":
        return THIS_WORKER
    if request.param == "go":
        return (str(supervisor.with_name(supervisor.name.replace("bl-run", "bl-worker"))),)
    node, compiled = shutil.which("node"), ROOT / "workers" / "node" / "dist" / "cli.js"
    if node is None or not compiled.is_file():
        pytest.fail(f"this test needs the worker in TypeScript and there is no {compiled}: run `make workers`")
    return (node, str(compiled))


@pytest.fixture
async def blobs(server: ScriptedServer) -> Blobs:
    """A blob store beside the scripted server."""
    store = Blobs()
    server.welcome.features.append("blobs")
    await server.stop()
    await server.start(add=lambda each: worker_pb2_grpc.add_BlobsServicer_to_server(store, each))
    return store


@pytest.fixture
def worker(server: ScriptedServer, tmp_path: Path, program: Sequence[str]) -> StartProgram:
    """Starts a worker process, perhaps by another program before it."""

    @asynccontextmanager
    async def start(*before: str) -> AsyncIterator[object]:
        # The one in Go supervises its commands by itself.
        supervision = () if len(program) == 1 else ("--supervisor", "none")
        command = (*before, *program)
        async with worker_process(server, tmp_path, program=command, supervision=supervision) as process:
            yield process

    return start


def uploading(*patterns: str) -> pb.RunSpec:
    return pb.RunSpec(
        builddir="b",
        glob=pb.Glob(patterns=[pattern.encode() for pattern in patterns]),
        files_out=[pb.FileOut(pattern=pattern.encode(), optional=True) for pattern in patterns],
    )


@pytest.mark.usefixtures("blobs")
@pytest.mark.parametrize("pattern", ["**", "dist/**", "*/*/*", "dist/*/a.txt"])
async def test_a_directory_that_cannot_be_read_fails_its_upload(
    server: ScriptedServer, worker: StartProgram, tmp_path: Path, pattern: str
) -> None:
    """What lies in it isn't known, so that nothing is said to be there without it; the directory is named."""
    locked = tmp_path / "work" / "b" / "dist" / "locked"
    locked.mkdir(parents=True)
    (locked.parent / "a.txt").write_text("a")
    (locked / "a.txt").write_text("b")
    locked.chmod(0)
    async with worker(*(WITHOUT_PRIVILEGES if os.geteuid() == 0 else ())):
        key = server.run(uploading(pattern))
        exited = await server.ended(key)
    locked.chmod(0o700)
    assert exited.reason == pb.EXIT_REASON_FILE_FAILED
    error, *_ = [event.file_result.error for event in server.events[key] if event.file_result.HasField("error")]
    assert (error.code, error.path) == (pb.FILE_ERROR_CODE_PERMISSION_DENIED, b"dist/locked")


@pytest.mark.usefixtures("blobs")
@pytest.mark.parametrize("kind", ["socket", "pipe"])
async def test_what_is_no_file_fails_its_upload(
    server: ScriptedServer, worker: StartProgram, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket or a named pipe can't be kept; left out it would be missing without a word."""
    directory = tmp_path / "work" / "b" / "dist"
    directory.mkdir(parents=True)
    (directory / "a.txt").write_text("a")
    if kind == "pipe":
        os.mkfifo(directory / "odd")
    else:
        monkeypatch.chdir(directory)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("odd")
    async with worker():
        key = server.run(uploading("dist/**"))
        exited = await server.ended(key)
    assert exited.reason == pb.EXIT_REASON_FILE_FAILED
    error, *_ = [event.file_result.error for event in server.events[key] if event.file_result.HasField("error")]
    assert error.path == b"dist/odd"
    assert "dist/odd is a socket, a pipe or a device" in error.message


async def test_no_file_that_comes_is_set_uid(
    server: ScriptedServer, blobs: Blobs, worker: StartProgram, tmp_path: Path
) -> None:
    """Of a mode only the permissions are taken, from the server too."""
    content = b"#!/bin/sh\n"
    digest = hashlib.sha256(content).digest()
    blobs.stored[digest] = content
    fetching = script("true")
    fetching.files_in.add(blob=pb.Blob(sha256=digest, size=len(content)), path=b"fetched", mode=0o106755)
    writing = pb.RunSpec(builddir="b", write_file=pb.WriteFile(path=b"written", content=content, mode=0o6755))
    async with worker():
        for spec in (fetching, writing):
            assert (await server.ended(server.run(spec))).code == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "work" / "b").iterdir()}
    assert modes == {"fetched": 0o755, "written": 0o755}


async def test_the_state_is_private_whatever_the_umask(
    server: ScriptedServer, worker: StartProgram, tmp_path: Path
) -> None:
    """Nobody else can read or enter what a worker keeps, in a directory that others may enter as well."""
    server.releases = False
    (tmp_path / "state").mkdir(mode=0o777)
    async with worker("sh", "-c", 'umask 0; exec "$@"', "sh"):
        assert (await server.ended(server.run(script("echo hello")))).code == 0
        state = tmp_path / "state"
        found = {path: stat.S_IMODE(path.lstat().st_mode) for path in (state, *state.rglob("*"))}
        expected = {path: 0o700 if path.is_dir() else 0o600 for path in found}
    assert len(found) > 2
    assert found == expected


@pytest.mark.parametrize(
    ("state", "issuers", "named"),
    [
        ("a-file", None, "a-file"),
        ("state", "gone.pem", "gone.pem"),
        ("state", "a-file", "a-file"),
        ("state", ".", "can't be used|can't be read|issuers|is a directory"),
    ],
    ids=["state is a file", "issuers gone", "issuers are something else", "issuers are a directory"],
)
def test_what_it_cannot_start_with_is_one_line(
    tmp_path: Path, program: Sequence[str], state: str, issuers: str | None, named: str
) -> None:
    """It names the file and ends at once, with neither a trace of the program nor another try."""
    (tmp_path / "a-file").write_text("neither a directory nor a certificate\n")
    command = [*program, "--server", "127.0.0.1:9", "--name", "w1", "--state", str(tmp_path / state)]
    command += ["--ca", str(tmp_path / issuers)] if issuers else []
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode in (1, 2), done.stderr
    (said,) = [line for line in done.stderr.splitlines() if " INFO " not in line]
    assert re.search(named, said), said
