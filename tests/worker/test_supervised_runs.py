"""What a command under a supervisor can do, and how it may end."""

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from tests.fakes.blobs import Blobs
from tests.fakes.scripted_server import ScriptedServer
from tests.worker.conftest import argv, eventually, read_pid, script, worker_process
from tests.worker.supervised import PATIENCE_SECONDS, WAITS_TO_GO, StartSupervised, ended, kill, supervisor_pid


def size_of(path: Path) -> int:
    """Of a file that may go away at any moment."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


async def test_a_terminal_and_a_watched_file(
    server: ScriptedServer, worker_with: StartSupervised, tmp_path: Path
) -> None:
    """Terminals and watched files go on as well."""
    build = tmp_path / "work" / "b"
    text = f"stty size; echo first > log; {WAITS_TO_GO}; echo second >> log; echo end"
    watched = pb.WatchFile(channel="log", path=b"log")
    key = server.run(script(text, pty=pb.Pty(rows=30, columns=100), watch_files=[watched]))
    async with worker_with() as worker:
        await server.until(lambda: server.output(key, "log") == b"first\n", PATIENCE_SECONDS)
        await kill(worker)
    (build / "go").touch()
    async with worker_with():
        assert (await ended(server, key)).code == 0
    assert server.output(key) == b"30 100\r\nend\r\n"
    assert server.output(key, "log") == b"first\nsecond\n"


async def test_files_are_uploaded_after_a_restart(
    server: ScriptedServer, worker_with: StartSupervised, tmp_path: Path
) -> None:
    """What the command leaves is uploaded by the worker that finds it, although the specification comes only once."""
    store = Blobs()
    await server.stop()
    server.welcome.features.append("blobs")
    await server.start(add=lambda each: worker_pb2_grpc.add_BlobsServicer_to_server(store, each))
    spec = script(f"{WAITS_TO_GO}; echo content > out; exit 6")
    spec.files_out.add(pattern=b"out", always=True)
    key = server.run(spec)
    async with worker_with() as worker:
        await server.until(lambda: server.last(key) == "started", PATIENCE_SECONDS)
        await kill(worker)
    server.wanted[key].ClearField("spec")
    (tmp_path / "work" / "b" / "go").touch()
    async with worker_with():
        exited = await ended(server, key)
    assert (exited.reason, exited.code) == (pb.EXIT_REASON_COMPLETED, 6)
    assert list(store.stored.values()) == [b"content\n"]
    assert [entry.path for entry in server.events[key][-2].file_result.entries] == [b"out"]


async def test_a_terminated_worker(server: ScriptedServer, worker_with: StartSupervised) -> None:
    """A worker that is told to end ends its supervised commands too, and delivers their end."""
    async with worker_with() as worker:
        key = server.run(argv("sleep", "600"))
        await server.until(lambda: server.last(key) == "started", PATIENCE_SECONDS)
        worker.send_signal(signal.SIGTERM)
        exited = await ended(server, key)
        assert await worker.wait() == 0
    assert (exited.reason, exited.signal) == (pb.EXIT_REASON_WORKER_SHUTDOWN, signal.SIGINT)


async def test_the_spool_is_freed(server: ScriptedServer, worker_with: StartSupervised, tmp_path: Path) -> None:
    """Output that the server has doesn't stay on the disk, and no more waits there than may."""
    key = server.run(script(f"head -c 30000000 /dev/zero; touch written; {WAITS_TO_GO}"))
    limit = 4 << 20
    build, spool = tmp_path / "work" / "b", tmp_path / "state" / "supervised" / f"{key[0]}.1" / "spool"
    sizes: list[int] = []

    def is_written() -> bool:
        sizes.append(sum(size_of(path) for path in spool.glob("*")))
        return (build / "written").exists()

    async with worker_with("--spool-bytes", str(limit)):
        await eventually(is_written, PATIENCE_SECONDS)
        await eventually(lambda: sum(size_of(path) for path in spool.glob("*")) < limit // 4, PATIENCE_SECONDS)
        (build / "go").touch()
        exited = await ended(server, key)
    assert exited.code == 0
    assert server.output(key) == bytes(30_000_000)
    assert max(sizes) <= limit + (1 << 20)


@pytest.mark.parametrize("choice", ["/nowhere/bl-run", "/bin/true"])
async def test_what_is_no_supervisor(
    worker_with: StartSupervised, capfd: pytest.CaptureFixture[str], choice: str
) -> None:
    """A path that isn't a supervisor's is refused in one sentence that says what to do."""
    async with worker_with("--supervisor", choice) as worker:
        assert await worker.wait() == 2
    said = capfd.readouterr().err
    assert f"'{choice}' can't be used as the supervisor" in said
    assert "make workers" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ({"reason": "completed"}, "neither an exit code nor a signal"),
        ({"reason": "of another version", "code": 0}, "doesn't know"),
        (
            {"reason": "completed", "code": 0, "totals": [{"channel": 0, "spooled": 9, "sha256": ""}]},
            "before all of its",
        ),
    ],
)
async def test_an_end_that_says_too_little_is_no_success(
    server: ScriptedServer, worker_with: StartSupervised, tmp_path: Path, end: dict[str, Any], message: str
) -> None:
    """A record of the end without its status, for an unknown reason or with output that isn't there: interrupted."""
    root = tmp_path / "work" / "b" / "root"
    key = server.run(script("echo $$ > root; exec sleep 600"))
    async with worker_with():
        await eventually(lambda: read_pid(root) is not None, PATIENCE_SECONDS)
        record = {"message": "", "start_failure": "", "survivors": [], "totals": [], "ran_for": 1.0} | end
        path = tmp_path / "state" / "supervised" / f"{key[0]}.{key[1]}" / "exit"
        path.write_text(json.dumps(record))
        os.kill(supervisor_pid(tmp_path, key), signal.SIGKILL)
        exited = await ended(server, key)
    os.kill(read_pid(root) or 0, signal.SIGKILL)
    assert exited.reason == pb.EXIT_REASON_INTERRUPTED
    assert message in exited.message


def on_a_small_disk(directory: Path, program: Sequence[str]) -> Sequence[str]:
    """The program, for which a directory is on a disk of its own; skips where nobody may mount one."""
    directory.mkdir()
    command = f"mount -t tmpfs -o size=1m none {directory}"
    if subprocess.run(("unshare", "-rm", "sh", "-c", command), capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    return ("unshare", "-rm", "sh", "-c", f'{command} && exec "$@"', "sh", *program)


async def test_a_full_disk_ends_a_supervised_run_at_once(
    server: ScriptedServer, tmp_path: Path, supervisor: Path, program: Sequence[str]
) -> None:
    """A command whose output finds no room on the worker's disk is ended for that reason, and that is told at once."""
    small = on_a_small_disk(tmp_path / "state", program)
    key = server.run(script("exec yes"))
    async with worker_process(server, tmp_path, "--supervisor", str(supervisor), program=small):
        exited = await server.ended(key, 30.0)
    assert exited.reason == pb.EXIT_REASON_STORAGE
    assert "no space left" in exited.message.lower()
