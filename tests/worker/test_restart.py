"""A worker that is killed and started again reruns nothing, leaves nothing running, and delivers what it had."""

import asyncio
import signal
from pathlib import Path

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker import host_info
from buildledger.worker.journal.journal import Journal
from buildledger.worker.journal.records import Kind, Record, RunHeader, checksum
from tests.fakes.scripted_server import ScriptedServer
from tests.worker.conftest import StartWorker, argv, eventually, is_alive, read_pid, script, worker_process

RUN_ID = "6b1c1c8e-0000-4000-8000-000000000001"


async def test_killed_in_mid_run(server: ScriptedServer, tmp_path: Path) -> None:
    """What the killed worker left running is dead before the run is reported as interrupted; its output stands."""
    pids = [tmp_path / "work" / "b" / name for name in ("root", "child", "escaped")]
    spec = script(
        "echo $$ > root; sleep 600 & echo $! > child; setsid sh -c 'echo $$ > escaped; exec env -u X sleep 600' & "
        "echo so far; wait"
    )
    async with worker_process(server, tmp_path) as first:
        key = server.run(spec)
        await server.until(lambda: server.last(key) == "output")
        await eventually(lambda: all(read_pid(path) is not None for path in pids))
        first.kill()
        await first.wait()
    left = [pid for pid in map(read_pid, pids) if pid is not None]
    assert all(map(is_alive, left))
    alive_at_report: list[int] = []
    server.on_event = lambda event: alive_at_report.extend(filter(is_alive, left)) if event.HasField("exited") else None
    async with worker_process(server, tmp_path):
        exited = await server.ended(key)
    assert exited.reason == pb.EXIT_REASON_INTERRUPTED
    assert not alive_at_report
    assert {survivor.pid for survivor in exited.survivors_killed} == set(left)
    assert server.kinds(key).count("started") == 1
    assert server.output(key) == b"so far\n"


async def test_secret_files_of_a_killed_worker_are_removed(server: ScriptedServer, tmp_path: Path) -> None:
    """A secret that a command was given as a file is gone from memory once a successor has started."""
    secret = pb.Secret(name="token", value=b"hunter2-secret", file_env="TOKEN_FILE")
    where = tmp_path / "work" / "b" / "where"
    async with worker_process(server, tmp_path) as first:
        key = server.run(script("echo $TOKEN_FILE > where; sleep 600", secrets=[secret]))
        await server.until(lambda: server.last(key) == "started")
        await eventually(lambda: where.exists() and where.read_text().endswith("\n"))
        first.kill()
        await first.wait()
    kept = Path(where.read_text().strip())
    assert content_of(kept) == b"hunter2-secret"
    async with worker_process(server, tmp_path):
        await server.ended(key)
    assert content_of(kept) is None


async def test_killed_with_undelivered_output(server: ScriptedServer, tmp_path: Path) -> None:
    """What a killed worker had journalled and the server hadn't stored is delivered by its successor."""
    async with worker_process(server, tmp_path) as first:
        await server.connected()
        key = server.run(script("sleep 0.3; head -c 3000000 /dev/zero; touch written"))
        await server.until(lambda: server.last(key) == "started")
        await server.stop()
        await eventually((tmp_path / "work" / "b" / "written").exists)
        await eventually(lambda: sum(p.stat().st_size for p in (tmp_path / "state" / "runs").iterdir()) > 3_000_000)
        first.kill()
        await first.wait()
    await server.start()
    async with worker_process(server, tmp_path):
        await server.until(lambda: server.last(key) == "exited")
    assert server.output(key) == bytes(3_000_000)


async def test_started_or_not(server: ScriptedServer, start_worker: StartWorker, tmp_path: Path) -> None:
    """A run that was found about to start is never started again: nobody can know whether it ran."""
    write_journal(tmp_path)
    server.wanted[(RUN_ID, 1)] = pb.DesiredRun(
        run_id=RUN_ID, attempt=1, fence=1, want=pb.WANT_RUN, spec=script("touch ran")
    )
    start_worker(server)
    exited = await server.ended((RUN_ID, 1))
    assert exited.reason == pb.EXIT_REASON_START_UNKNOWN
    assert exited.WhichOneof("status") is None
    assert not (tmp_path / "work" / "b" / "ran").exists()


async def test_lost_tail(server: ScriptedServer, start_worker: StartWorker, tmp_path: Path) -> None:
    """After a crash of the machine the server may know more than the journal: the end is numbered after that."""
    write_journal(tmp_path, boot_id="before the crash")
    server.events[(RUN_ID, 1)] = [
        pb.RunEvent(run_id=RUN_ID, attempt=1, fence=1, event_no=number) for number in range(1, 6)
    ]
    server.wanted[(RUN_ID, 1)] = pb.DesiredRun(run_id=RUN_ID, attempt=1, fence=1, want=pb.WANT_RUN)
    start_worker(server)
    await server.ended((RUN_ID, 1))
    assert server.events[(RUN_ID, 1)][-1].event_no == 6


async def test_damaged_journal(server: ScriptedServer, start_worker: StartWorker, tmp_path: Path) -> None:
    """A journal that a crash cut off in its first record tells of nothing that was started, and goes away."""
    directory = tmp_path / "state" / "runs"
    directory.mkdir(parents=True)
    (directory / f"{RUN_ID}.1.0.journal").write_bytes(b"\x00" * 20)
    start_worker(server)
    hello = await server.connected()
    assert not hello.runs
    assert not list(directory.iterdir())


async def test_second_worker_on_one_state(server: ScriptedServer, start_worker: StartWorker) -> None:
    """Two workers can't share a state directory; the second says so and leaves."""
    start_worker(server)
    await server.connected()
    assert await start_worker(server) == 2


async def test_terminated_worker(server: ScriptedServer, tmp_path: Path) -> None:
    """A worker that is told to end stops its runs, delivers their end, says goodbye and exits with 0."""
    async with worker_process(server, tmp_path) as process:
        key = server.run(argv("sleep", "600"))
        await server.until(lambda: server.last(key) == "started")
        process.send_signal(signal.SIGTERM)
        exited = await server.ended(key)
        assert await process.wait() == 0
    assert (exited.reason, exited.signal) == (pb.EXIT_REASON_WORKER_SHUTDOWN, 2)
    assert [goodbye.reason for goodbye in server.goodbyes] == ["SIGTERM"]


async def test_drained_worker(server: ScriptedServer, tmp_path: Path) -> None:
    """A worker that is drained finishes what it does, refuses more, and leaves."""
    async with worker_process(server, tmp_path) as process:
        key = server.run(script("while [ ! -e go ] && [ -d $PWD ]; do sleep 0.05; done"))
        await server.until(lambda: server.last(key) == "started")
        process.send_signal(signal.SIGHUP)
        await server.until(lambda: bool(server.drain_requests))
        rejected = await server.rejected(server.run(argv("true")))
        (tmp_path / "work" / "b" / "go").touch()
        assert (await server.ended(key)).code == 0
        assert await process.wait() == 0
    assert rejected.code == pb.REJECT_CODE_DRAINING


async def test_epoch_is_remembered(server: ScriptedServer, start_worker: StartWorker, tmp_path: Path) -> None:
    """A server whose epoch is behind the one seen before isn't obeyed."""
    server._epoch = 41
    first = start_worker(server)
    await server.connected()
    await eventually((tmp_path / "state" / "epoch").exists)
    first.cancel()
    await asyncio.wait([first])
    server._epoch = 5
    start_worker(server)
    hello = await server.connected(2)
    assert hello.last_epoch == 42
    key = server.run(argv("true"))
    await server.connected(3)
    assert not server.events[key]


def write_journal(tmp_path: Path, boot_id: str = "") -> None:
    """What a worker leaves that is killed between the decision to start a process and its start."""
    directory = tmp_path / "state" / "runs"
    directory.mkdir(parents=True)
    header = RunHeader(
        run_id=RUN_ID, attempt=1, fence=1, cookie="c" * 32, builddir="b", boot_id=boot_id or host_info.boot_id()
    )
    body = pb.RunEvent(accepted=pb.Accepted()).SerializeToString()
    journal = Journal(directory, header)
    journal.begin(
        Record(kind=Kind.EVENT, event_no=1, body=body, body_crc32c=checksum(body)), Record(kind=Kind.STARTING)
    )
    journal.close()


def content_of(path: Path) -> bytes | None:
    """None if it isn't there."""
    return path.read_bytes() if path.exists() else None
