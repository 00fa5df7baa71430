"""Files that a run needs and leaves go through the server's blob store, verified at both ends."""

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from tests.fakes.blobs import Blobs
from tests.fakes.scripted_server import ScriptedServer
from tests.worker.conftest import StartWorker, names, script


@pytest.fixture
async def blobs(server: ScriptedServer, start_worker: StartWorker) -> Blobs:
    """A blob store beside the scripted server, and a worker that is connected to it."""
    store = Blobs()
    await server.stop()
    await server.start(add=lambda each: worker_pb2_grpc.add_BlobsServicer_to_server(store, each))
    start_worker(server)
    await server.connected()
    return store


def blob(content: bytes) -> pb.Blob:
    return pb.Blob(sha256=hashlib.sha256(content).digest(), size=len(content))


async def test_fetch_and_upload(server: ScriptedServer, blobs: Blobs) -> None:
    """A run finds the files it needs and leaves those it was asked for, empty ones too."""
    content = os.urandom(1_000_000)
    for each in (content, b""):
        blobs.stored[hashlib.sha256(each).digest()] = each
    spec = script("test -x in/data && cp in/data out1; : > out2")
    spec.files_in.add(blob=blob(content), path=b"in/data", mode=0o755)
    spec.files_in.add(blob=blob(b""), path=b"in/empty")
    spec.files_out.add(pattern=b"out*")
    spec.blob_token = "only-this-run"
    key = server.run(spec)
    assert (await server.ended(key)).code == 0
    (result,) = [event.file_result for event in server.events[key] if event.HasField("file_result")]
    assert [(entry.path, entry.sha256) for entry in result.entries] == [
        (b"out1", hashlib.sha256(content).digest()),
        (b"out2", hashlib.sha256(b"").digest()),
    ]
    assert blobs.tokens == {"only-this-run"}


async def test_upload_is_resumed(server: ScriptedServer, blobs: Blobs) -> None:
    """An upload that breaks off goes on where the server left off."""
    blobs.break_off_at = 1_000_000
    spec = script("head -c 3000000 /dev/urandom > big")
    spec.files_out.add(pattern=b"big")
    exited = await server.ended(server.run(spec))
    assert exited.reason == pb.EXIT_REASON_COMPLETED
    assert blobs.offsets[0] == 0
    assert blobs.offsets[1] > 1_000_000
    assert [len(content) for content in blobs.stored.values()] == [3_000_000]


async def test_digest_mismatch(server: ScriptedServer, blobs: Blobs, work_dir: Path) -> None:
    """What isn't what was asked for doesn't get its name, and the command isn't started."""
    blobs.lies = True
    blobs.stored[hashlib.sha256(b"right").digest()] = b"right"
    spec = script("touch started")
    spec.files_in.add(blob=blob(b"right"), path=b"f")
    key = server.run(spec)
    assert (await server.ended(key)).reason == pb.EXIT_REASON_FILE_FAILED
    assert server.events[key][-2].file_result.error.code == pb.FILE_ERROR_CODE_DIGEST_MISMATCH
    assert names(work_dir / "b") == []


@pytest.mark.usefixtures("blobs")
async def test_traversal(server: ScriptedServer, work_dir: Path) -> None:
    """Files are neither fetched to nor taken from outside of the build directory."""
    inward = script("true")
    inward.files_in.add(blob=blob(b""), path=b"../f")
    outward = script("true")
    outward.files_out.add(pattern=b"../*")
    for spec in (inward, outward):
        key = server.run(spec)
        assert (await server.ended(key)).reason == pb.EXIT_REASON_FILE_FAILED
        assert server.events[key][-2].file_result.error.code == pb.FILE_ERROR_CODE_PATH_ESCAPES
    assert names(work_dir) == ["b"]


@pytest.mark.usefixtures("blobs")
async def test_missing_output(server: ScriptedServer) -> None:
    """A file that the run should have left and didn't makes it fail, unless it is optional."""
    missing, optional = script("true"), script("true")
    missing.files_out.add(pattern=b"nothing")
    optional.files_out.add(pattern=b"nothing", optional=True)
    reasons = [(await server.ended(server.run(spec))).reason for spec in (missing, optional)]
    assert reasons == [pb.EXIT_REASON_FILE_FAILED, pb.EXIT_REASON_COMPLETED]


async def test_a_stop_breaks_a_transfer_off(server: ScriptedServer, blobs: Blobs) -> None:
    """A run that is stopped ends at once, although the server it is fetching from doesn't go on."""
    blobs.falls_silent = True
    blobs.stored[hashlib.sha256(b"right").digest()] = b"right"
    spec = script("true")
    spec.files_in.add(blob=blob(b"right"), path=b"f")
    key = server.run(spec)
    async with asyncio.timeout(60):
        await blobs.is_silent.wait()
    server.stop_run(key)
    assert (await server.ended(key)).reason == pb.EXIT_REASON_CANCEL


async def test_a_stop_while_uploading_keeps_the_exit_code(server: ScriptedServer, blobs: Blobs) -> None:
    """How the command ended is told also when the run is stopped while its files are uploaded."""
    spec = script("echo content > f; exit 7")
    spec.files_out.add(pattern=b"f", always=True)
    blobs.never_finds = True
    key = server.run(spec)
    await server.until(lambda: server.last(key) == "started")
    async with asyncio.timeout(60):
        await blobs.is_silent.wait()
    server.stop_run(key)
    exited = await server.ended(key)
    assert (exited.reason, exited.code) == (pb.EXIT_REASON_CANCEL, 7)
    assert exited.HasField("ran_for")


async def test_a_broken_transfer_leaves_those_of_others_alone(server: ScriptedServer, blobs: Blobs) -> None:
    """While one run's upload breaks off and begins again, another's download goes on undisturbed."""
    blobs.stored[hashlib.sha256(b"right").digest()] = b"right"
    blobs.falls_silent = True
    blobs.break_off_at = 1_000_000
    fetching = script("cat f")
    fetching.files_in.add(blob=blob(b"right"), path=b"f")
    slow = server.run(fetching)
    async with asyncio.timeout(60):
        await blobs.is_silent.wait()
    uploading = script("head -c 3000000 /dev/zero > big")
    uploading.builddir = "other"
    uploading.files_out.add(pattern=b"big")
    assert (await server.ended(server.run(uploading))).reason == pb.EXIT_REASON_COMPLETED
    assert len(blobs.offsets) == 2
    blobs.goes_on.set()
    exited = await server.ended(slow)
    assert blobs.reads == 1
    assert (exited.reason, exited.code) == (pb.EXIT_REASON_COMPLETED, 0)


async def test_a_file_that_is_gone_before_its_upload_fails_the_run(
    server: ScriptedServer, blobs: Blobs, work_dir: Path
) -> None:
    """A file that can't be read when its turn comes is named, and the run ends."""
    blobs.on_question = lambda: (work_dir / "b" / "f").unlink()
    spec = script("echo content > f")
    spec.files_out.add(pattern=b"f")
    key = server.run(spec)
    assert (await server.ended(key)).reason == pb.EXIT_REASON_FILE_FAILED
    error = server.events[key][-2].file_result.error
    assert (error.code, error.path) == (pb.FILE_ERROR_CODE_NOT_FOUND, b"f")


@pytest.mark.parametrize("swapped", ["d/f", "d"])
async def test_a_link_that_comes_in_between_leads_no_upload_out(
    server: ScriptedServer, blobs: Blobs, work_dir: Path, tmp_path: Path, swapped: str
) -> None:
    """Where a file or its directory is replaced by a link after it was looked at, nothing is read behind the link."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "f").write_text("content\n")

    def swap() -> None:
        place = work_dir / "b" / swapped
        place.rename(work_dir / "moved")
        place.symlink_to(secret / "f" if swapped == "d/f" else secret)

    blobs.on_question = swap
    spec = script("mkdir d; echo content > d/f")
    spec.files_out.add(pattern=b"d/*")
    key = server.run(spec)
    assert (await server.ended(key)).reason == pb.EXIT_REASON_FILE_FAILED
    assert blobs.stored == {}


async def test_a_stop_wakes_a_transfer_that_waits_for_its_next_try(server: ScriptedServer, blobs: Blobs) -> None:
    """A run is stopped at once also while it waits for the server's files to be reachable again."""
    blobs.is_away = True
    spec = script("echo content > f")
    spec.files_out.add(pattern=b"f")
    key = server.run(spec)
    async with asyncio.timeout(60):
        await blobs.is_silent.wait()
    server.stop_run(key)
    exited = await server.ended(key)
    assert (exited.reason, exited.code) == (pb.EXIT_REASON_CANCEL, 0)
