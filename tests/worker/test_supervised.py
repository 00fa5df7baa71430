"""A command under a supervisor goes on when its worker is killed, and is told exactly once."""

import os
import signal
from pathlib import Path

import pytest
from google.protobuf.duration_pb2 import Duration

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker import host_info
from buildledger.worker.journal.records import HEAD_BYTES, checksum, encode_head, read_records
from tests.fakes.scripted_server import ScriptedServer
from tests.fakes.trees import files_in
from tests.worker.conftest import argv, eventually, is_alive, names, read_pid, script
from tests.worker.supervised import PATIENCE_SECONDS, WAITS_TO_GO, StartSupervised, ended, exists, kill, supervisor_pid

SECRET = "hush-hush-42"


def holding(directory: Path, what: bytes) -> list[Path]:
    """Files that hold these bytes."""
    return [path for path, content in files_in(directory) if what in content]


def forget_the_boot(journal: Path) -> None:
    """Make a journal look as if the machine had been started anew since it was begun."""
    content = journal.read_bytes()
    with journal.open("rb") as file:
        _, header = next(read_records(file))
    length = len(header.body)
    header.body = header.body.replace(host_info.boot_id().encode(), b"0" * len(host_info.boot_id()))
    header.body_crc32c = checksum(header.body)
    journal.write_bytes(encode_head(header) + header.body + content[HEAD_BYTES + length :])


async def test_offered(server: ScriptedServer, worker_with: StartSupervised) -> None:
    """A worker with a supervisor says so, and what a command does comes as it does without."""
    async with worker_with():
        hello = await server.connected()
        key = server.run(script("echo out; echo err >&2; exit 3", merge_stderr=False))
        exited = await ended(server, key)
    assert "supervised" in hello.features
    assert (exited.reason, exited.code) == (pb.EXIT_REASON_COMPLETED, 3)
    assert (server.output(key, "stdout"), server.output(key, "stderr")) == (b"out\n", b"err\n")
    assert server.kinds(key)[:2] == ["accepted", "started"]
    server.check_totals(key)


async def test_fast_output_survives_kills(server: ScriptedServer, worker_with: StartSupervised) -> None:
    """Killed three times while both channels are written as fast as can be: every byte comes once, the code too."""
    numbers = 400_000
    key = server.run(
        script(f"seq 1 {numbers} & seq {numbers} -1 1 >&2; wait; echo once >> starts; exit 5", merge_stderr=False)
    )
    for least_events in (4, 40, 80):
        async with worker_with("--spool-bytes", str(1 << 20)) as worker:
            await server.until(lambda least=least_events: len(server.events[key]) >= least, PATIENCE_SECONDS)  # type: ignore[misc]
            await kill(worker)
    async with worker_with("--spool-bytes", str(1 << 20)):
        exited = await ended(server, key)
    assert (exited.reason, exited.code) == (pb.EXIT_REASON_COMPLETED, 5)
    assert server.output(key, "stdout") == b"".join(b"%d\n" % each for each in range(1, numbers + 1))
    assert server.output(key, "stderr") == b"".join(b"%d\n" % each for each in range(numbers, 0, -1))
    assert all(total.sha256 for total in exited.output_totals)
    server.check_totals(key)
    assert server.kinds(key).count("started") == 1


async def test_slow_output_with_a_secret(server: ScriptedServer, worker_with: StartSupervised, tmp_path: Path) -> None:
    """What a command writes while no worker is there is masked, and the secret lies nowhere on the disk."""
    text = f"""
        n=0
        echo "$KEY_FILE" > where
        while [ ! -e go ] && [ -d $PWD ]; do
            echo "$n <$KEY>"; echo "$n $(cat "$KEY_FILE")" >&2; n=$((n+1)); echo $n > written; sleep 0.02
        done
        printf {SECRET[:5]}; sleep 0.2; printf {SECRET[5:]}
    """
    secret = pb.Secret(name="key", value=SECRET.encode(), env="KEY", file_env="KEY_FILE")
    key = server.run(script(text, merge_stderr=False, secrets=[secret]))
    written = tmp_path / "work" / "b" / "written"

    def lines() -> int:
        return read_pid(written) or 0

    async with worker_with() as worker:
        await server.until(lambda: b"\n" in server.output(key, "stderr"), PATIENCE_SECONDS)
        await kill(worker)
    before = lines()
    await eventually(lambda: lines() > before + 10, PATIENCE_SECONDS)
    assert not holding(tmp_path / "state", SECRET.encode())
    async with worker_with():
        await server.connected(2)
        (written.parent / "go").touch()
        exited = await ended(server, key)
    count = lines()
    assert exited.code == 0
    assert server.output(key, "stdout").decode() == "".join(f"{n} <***>\n" for n in range(count)) + "***"
    assert server.output(key, "stderr").decode() == "".join(f"{n} ***\n" for n in range(count))
    assert not exists((written.parent / "where").read_text().strip())


async def test_an_end_without_a_worker(server: ScriptedServer, worker_with: StartSupervised, tmp_path: Path) -> None:
    """What ended while no worker was there is told by the next one, with its exit code; nothing is left behind."""
    build = tmp_path / "work" / "b"
    key = server.run(script(f"echo begin; {WAITS_TO_GO}; echo end; exit 9"))
    async with worker_with() as worker:
        await server.until(lambda: server.output(key) == b"begin\n", PATIENCE_SECONDS)
        supervising = supervisor_pid(tmp_path, key)
        await kill(worker)
    (build / "go").touch()
    await eventually(lambda: not is_alive(supervising), PATIENCE_SECONDS)
    async with worker_with():
        exited = await ended(server, key)
        await eventually(lambda: names(tmp_path / "state" / "supervised") == [])
        await eventually(lambda: names(tmp_path / "state" / "runs") == [])
    assert (exited.reason, exited.code) == (pb.EXIT_REASON_COMPLETED, 9)
    assert server.output(key) == b"begin\nend\n"
    server.check_totals(key)


@pytest.mark.parametrize(
    ("level", "number"), [(pb.STOP_LEVEL_INTERRUPT, signal.SIGINT), (pb.STOP_LEVEL_KILL, signal.SIGKILL)]
)
async def test_a_stop_while_the_worker_was_away(
    server: ScriptedServer,
    worker_with: StartSupervised,
    tmp_path: Path,
    level: pb.StopLevel.ValueType,
    number: signal.Signals,
) -> None:
    """A stop that the server wanted in the meantime reaches the command through the next worker."""
    child = tmp_path / "work" / "b" / "child"
    key = server.run(script("sleep 600 > /dev/null 2>&1 & echo $! > child; wait"))
    async with worker_with() as worker:
        await eventually(lambda: read_pid(child) is not None, PATIENCE_SECONDS)
        await server.until(lambda: server.last(key) == "started", PATIENCE_SECONDS)
        await kill(worker)
    server.stop_run(key, level)
    async with worker_with():
        exited = await ended(server, key)
    assert (exited.reason, exited.signal) == (pb.EXIT_REASON_CANCEL, number)
    assert not is_alive(read_pid(child) or 0)
    stopping = next(event.stopping for event in server.events[key] if event.HasField("stopping"))
    assert (stopping.level, stopping.reason) == (level, pb.EXIT_REASON_CANCEL)


@pytest.mark.parametrize("is_worker_killed", [False, True])
async def test_a_killed_supervisor(
    server: ScriptedServer, worker_with: StartSupervised, tmp_path: Path, *, is_worker_killed: bool
) -> None:
    """Its command is interrupted, with or without the worker: nothing of it is left, and its output stands."""
    pids = [tmp_path / "work" / "b" / name for name in ("root", "child", "escaped", "secret")]
    text = (
        "echo $$ > root; sleep 600 & echo $! > child; setsid sh -c 'echo $$ > escaped; exec sleep 600' & "
        "echo $$ > secret; echo $KEY_FILE; wait"
    )
    secret = pb.Secret(name="key", value=SECRET.encode(), file_env="KEY_FILE")
    key = server.run(script(text, secrets=[secret]))
    async with worker_with() as worker:
        await server.until(lambda: b"\n" in server.output(key), PATIENCE_SECONDS)
        await eventually(lambda: all(read_pid(path) is not None for path in pids), PATIENCE_SECONDS)
        supervising = supervisor_pid(tmp_path, key)
        if is_worker_killed:
            await kill(worker)
        os.kill(supervising, signal.SIGKILL)
        if not is_worker_killed:
            exited = await ended(server, key)
    if is_worker_killed:
        async with worker_with():
            exited = await ended(server, key)
    left = {pid for pid in map(read_pid, pids) if pid is not None}
    assert exited.reason == pb.EXIT_REASON_INTERRUPTED
    assert exited.message == "its supervisor was killed"
    assert not list(filter(is_alive, left))
    assert {survivor.pid for survivor in exited.survivors_killed} >= left
    assert not exists(server.output(key).decode().strip())


async def test_between_journal_and_start(
    server: ScriptedServer, worker_with: StartSupervised, tmp_path: Path, supervisor: Path
) -> None:
    """A supervisor that comes too late starts nothing: the next worker has said that nobody can know."""
    late = tmp_path / "late-bl-run"
    late.write_text(
        f"""#!/bin/sh
        [ "$1" = --version ] && exec {supervisor} --version
        echo $$ > {tmp_path}/waiting
        while [ ! -e {tmp_path}/gate ]; do sleep 0.02; done
        {supervisor} "$@"
        echo $? > {tmp_path}/code
        """
    )
    late.chmod(0o755)
    key = server.run(script("touch ran"))
    async with worker_with("--supervisor", str(late)) as worker:
        await eventually(lambda: read_pid(tmp_path / "waiting") is not None, PATIENCE_SECONDS)
        await kill(worker)
    async with worker_with("--supervisor", str(late)):
        exited = await ended(server, key)
        (tmp_path / "gate").touch()
        await eventually(lambda: read_pid(tmp_path / "code") is not None, PATIENCE_SECONDS)
    assert exited.reason == pb.EXIT_REASON_START_UNKNOWN
    assert read_pid(tmp_path / "code") == 2
    assert names(tmp_path / "work" / "b") == []


async def test_kill_on_crash(server: ScriptedServer, worker_with: StartSupervised, tmp_path: Path) -> None:
    """With --on-crash kill the command ends with its worker, by its stop policy, and the next worker says so."""
    root = tmp_path / "work" / "b" / "root"
    key = server.run(script("trap 'echo interrupted; exit 4' INT; echo $$ > root; while :; do sleep 0.05; done"))
    async with worker_with("--on-crash", "kill") as worker:
        await server.until(lambda: server.last(key) == "started", PATIENCE_SECONDS)
        await eventually(lambda: read_pid(root) is not None, PATIENCE_SECONDS)
        await kill(worker)
    await eventually(lambda: not is_alive(read_pid(root) or 0), PATIENCE_SECONDS)
    async with worker_with("--on-crash", "kill"):
        exited = await ended(server, key)
    assert (exited.reason, exited.code) == (pb.EXIT_REASON_INTERRUPTED, 4)
    assert server.output(key) == b"interrupted\n"


async def test_orphaned(server: ScriptedServer, worker_with: StartSupervised, tmp_path: Path) -> None:
    """A command that nobody comes for ends after the time that the server set, and the next worker says why."""
    server.welcome.orphan_ttl.CopyFrom(Duration(seconds=1))
    key = server.run(argv("sleep", "600"))
    async with worker_with() as worker:
        await server.until(lambda: server.last(key) == "started", PATIENCE_SECONDS)
        supervising = supervisor_pid(tmp_path, key)
        await kill(worker)
    await eventually(lambda: not is_alive(supervising), PATIENCE_SECONDS)
    async with worker_with():
        assert (await ended(server, key)).reason == pb.EXIT_REASON_ORPHANED


async def test_orphaned_with_a_worker(server: ScriptedServer, worker_with: StartSupervised, tmp_path: Path) -> None:
    """A command that a worker has found ends after that time too, when no server is there for the worker."""
    server.welcome.orphan_ttl.CopyFrom(Duration(seconds=3))
    key = server.run(argv("sleep", "600"))
    async with worker_with() as worker:
        await server.until(lambda: server.last(key) == "started", PATIENCE_SECONDS)
        supervising = supervisor_pid(tmp_path, key)
        await kill(worker)
    await server.stop()
    async with worker_with():
        await eventually(lambda: not is_alive(supervising), PATIENCE_SECONDS)
        await server.start()
        assert (await ended(server, key)).reason == pb.EXIT_REASON_ORPHANED


async def test_a_crash_of_the_machine(server: ScriptedServer, worker_with: StartSupervised, tmp_path: Path) -> None:
    """What the command leaves is uploaded by the worker that finds it, which nobody sends the specification again."""
    server.acknowledges = False
    key = server.run(script("seq 1 40000; sleep 600"))
    async with worker_with() as worker:
        await server.until(lambda: len(server.output(key)) > 200_000, PATIENCE_SECONDS)
        os.kill(supervisor_pid(tmp_path, key), signal.SIGKILL)
        await kill(worker)
    directory = tmp_path / "state" / "supervised" / f"{key[0]}.{key[1]}"
    os.truncate(directory / "spool" / "0.00000000", 100_000)
    for journal in (tmp_path / "state" / "runs").iterdir():
        forget_the_boot(journal)
    server.acknowledges = True
    server.events[key] = server.events[key][:2]
    async with worker_with():
        exited = await ended(server, key)
    assert exited.reason == pb.EXIT_REASON_INTERRUPTED
    written = b"".join(b"%d\n" % number for number in range(1, 40_001))
    delivered = server.output(key)
    assert delivered == written[: len(delivered)]
    assert 0 < len(delivered) <= 100_000
    assert [total.bytes for total in exited.output_totals] == [len(delivered)]
