"""Every byte arrives once, in order, as it was written."""

import asyncio
import hashlib
import random
import resource
from functools import partial
from pathlib import Path

import pytest

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from tests.fakes.cutting_proxy import CuttingProxy
from tests.fakes.scripted_server import ScriptedServer
from tests.fakes.trees import files_in
from tests.worker.conftest import StartWorker, argv, eventually, script


@pytest.fixture
def noise(work_dir: Path) -> bytes:
    """20 MB that aren't text in any encoding, in the file `noise` of the build directory."""
    content = random.Random(7).randbytes(20_000_000)
    path = work_dir / "b" / "noise"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return content


@pytest.mark.usefixtures("worker")
async def test_20_megabytes(server: ScriptedServer, noise: bytes) -> None:
    """A large output is exact, and so are the worker's own digest and size of it."""
    key = server.run(argv("cat", "noise"))
    exited = await server.ended(key)
    assert hashlib.sha256(server.output(key)).digest() == hashlib.sha256(noise).digest()
    assert exited.output_totals[0].bytes == 20_000_000
    server.check_totals(key)


@pytest.mark.usefixtures("worker")
async def test_undecodable_output(server: ScriptedServer) -> None:
    """Invalid and split UTF-8, and a last line without an end, aren't touched."""
    key = server.run(script(r"printf '\303'; sleep 0.3; printf '\251\377\376\000end'"))
    await server.ended(key)
    assert server.output(key) == b"\xc3\xa9\xff\xfe\x00end"


@pytest.mark.usefixtures("worker")
async def test_flush(server: ScriptedServer) -> None:
    """A little output isn't held back until more comes."""
    key = server.run(script("echo first; sleep 60"))
    await server.until(lambda: server.output(key) == b"first\n")
    assert server.last(key) == "output"


async def test_cut_at_random_bytes(
    server: ScriptedServer, proxy: CuttingProxy, start_worker: StartWorker, noise: bytes
) -> None:
    """A connection that is cut at 30 random positions loses nothing and doubles nothing."""
    source = random.Random(11)
    start_worker(proxy)
    await server.connected()
    content = noise[:3_000_000]
    part = argv("head", "-c", "3000000", "noise")
    keys = [
        server.run(part),
        server.run(script("for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.5; done")),
    ]

    def cut_or_ended(cuts: int) -> bool:
        return proxy.cuts >= cuts or all(server.last(key) == "exited" for key in keys)

    for cuts in range(1, 31):
        proxy.cut_after(source.choice((100, 3_000, 100_000, 400_000)) + source.randrange(3_000))
        if all(server.last(key) == "exited" for key in keys):
            keys.append(server.run(part))
        await eventually(partial(cut_or_ended, cuts))
        if proxy.cuts < cuts:
            proxy.cut()
    for key in keys:
        await server.ended(key)
        server.check_totals(key)
    assert proxy.cuts >= 30
    assert server.output(keys[0]) == content
    assert server.output(keys[1]) == b"1\n2\n3\n4\n5\n6\n7\n8\n"


async def test_server_restarts(server: ScriptedServer, start_worker: StartWorker) -> None:
    """A server that is killed and comes back gets what it missed, and the run never noticed."""
    start_worker(server)
    key = server.run(script("for i in 1 2 3 4 5 6; do echo $i; sleep 0.3; done"))
    await server.until(lambda: server.last(key) == "output")
    await server.stop()
    await asyncio.sleep(0.7)
    await server.start()
    await server.ended(key)
    assert server.output(key) == b"1\n2\n3\n4\n5\n6\n"
    server.check_totals(key)


async def test_end_during_outage(server: ScriptedServer, start_worker: StartWorker, tmp_path: Path) -> None:
    """A run that ends while the server is away is delivered later."""
    start_worker(server)
    key = server.run(script("sleep 0.3; echo done; touch ended"))
    await server.until(lambda: server.last(key) == "started")
    await server.stop()
    await eventually((tmp_path / "work" / "b" / "ended").exists)
    await server.start()
    assert (await server.ended(key)).code == 0
    assert server.output(key) == b"done\n"


@pytest.mark.usefixtures("worker")
async def test_lost_acknowledgement(server: ScriptedServer) -> None:
    """Events that weren't acknowledged come again, unchanged, on the next stream."""
    server.acknowledges = False
    key = server.run(argv("echo", "x"))
    await server.ended(key)
    before = server.received_events
    server.end_session()
    await server.connected(2)
    await server.until(lambda: server.received_events == 2 * before)
    assert server.hellos[1].runs[0].state == pb.RUN_STATE_EXITED
    server.check_totals(key)


@pytest.mark.usefixtures("worker")
async def test_hole(server: ScriptedServer) -> None:
    """After a hole the worker goes back to where the server asks it to."""
    key = server.run(script("for i in 1 2 3 4; do echo $i; sleep 0.3; done"))
    await server.until(lambda: server.kinds(key).count("output") == 2)
    # The server forgets, as one does that lost what it hadn't acknowledged yet.
    server.acknowledges = False
    await server.until(lambda: server.kinds(key).count("output") == 3)
    del server.events[key][-1]
    server.acknowledges = True
    await server.ended(key)
    assert server.output(key) == b"1\n2\n3\n4\n"
    server.check_totals(key)


async def test_no_credit(server: ScriptedServer, start_worker: StartWorker, tmp_path: Path, noise: bytes) -> None:
    """Without acknowledgements the worker sends no more than its credit, keeps the rest on disk and not in memory."""
    server.acknowledges = False
    start_worker(server)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    key = server.run(script("for i in 1 2 3 4 5; do cat noise; done"))
    await eventually(lambda: size_of_all(tmp_path / "state") > 100_000_000)
    assert len(server.output(key)) <= (1 << 20) + (1 << 16)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000
    server.acknowledges = True
    server.send(pb.Down(progress=pb.Progress(acks=[server.ack(key)])))
    await server.ended(key, 60)
    assert hashlib.sha256(server.output(key)).digest() == hashlib.sha256(noise * 5).digest()
    await eventually(lambda: not list((tmp_path / "state" / "runs").iterdir()))


async def test_explicit_credit(server: ScriptedServer, start_worker: StartWorker, noise: bytes) -> None:
    """A credit allows more than the window, without an acknowledgement."""
    server.acknowledges = False
    server.welcome.run_credit_bytes = 1
    start_worker(server)
    key = server.run(argv("cat", "noise"))
    await server.until(lambda: len(server.output(key)) == 1 << 16)
    server.send(pb.Down(progress=pb.Progress(credits=[pb.Credit(run_id=key[0], attempt=1, up_to_bytes=3_000_000)])))
    await server.until(lambda: len(server.output(key)) >= 3_000_000)
    assert len(server.output(key)) < 3_000_000 + (1 << 16)


async def test_full_spool_blocks(
    server: ScriptedServer, start_worker: StartWorker, work_dir: Path, noise: bytes
) -> None:
    """With a full spool the command waits; nothing is lost when there is room again."""
    server.acknowledges = False
    start_worker(server, spool_bytes=4 << 20, heartbeat_seconds=0.1)
    key = server.run(script("cat noise; touch written"))
    await server.until(lambda: any(beat.spooled_bytes >= 4 << 20 for beat in server.heartbeats))
    beats = len(server.heartbeats)
    await server.until(lambda: len(server.heartbeats) > beats + 3)
    assert not (work_dir / "b" / "written").exists()
    assert server.heartbeats[-1].spooled_bytes < 5 << 20
    server.acknowledges = True
    server.send(pb.Down(progress=pb.Progress(acks=[server.ack(key)])))
    await server.ended(key)
    assert server.output(key) == noise


async def test_full_spool_drops(
    server: ScriptedServer, start_worker: StartWorker, work_dir: Path, noise: bytes
) -> None:
    """By policy a full spool drops output instead, and says exactly what is missing."""
    server.acknowledges = False
    start_worker(server, spool_bytes=4 << 20)
    key = server.run(script("cat noise; touch written", output_policy=pb.OUTPUT_POLICY_GAP))
    await eventually((work_dir / "b" / "written").exists)
    server.acknowledges = True
    server.send(pb.Down(progress=pb.Progress(acks=[server.ack(key)])))
    exited = await server.ended(key)
    content = noise
    offset = 0
    missing = 0
    for event in server.events[key]:
        if event.HasField("gap"):
            assert event.gap.from_offset == offset
            missing += event.gap.to_offset - offset
            offset = event.gap.to_offset
        elif event.HasField("output"):
            assert event.output.offset == offset
            assert event.output.data == content[offset : offset + len(event.output.data)]
            offset += len(event.output.data)
    assert missing > 0
    assert offset == exited.output_totals[0].bytes == len(content)


@pytest.mark.usefixtures("worker")
async def test_masked_secret(server: ScriptedServer) -> None:
    """A secret doesn't appear in the output, although it was written in pieces, from a file, or encoded."""
    spec = script(
        "printf 'a-hunter'; sleep 0.4; printf '2-secret-b '; "
        "printf %s $TOKEN; cat $TOKEN_FILE; printf %s $TOKEN | base64",
        secrets=[pb.Secret(name="token", value=b"hunter2-secret", env="TOKEN", file_env="TOKEN_FILE")],
    )
    key = server.run(spec)
    await server.ended(key)
    assert server.output(key) == b"a-***-b *********\n"


@pytest.mark.usefixtures("worker")
async def test_secret_not_on_disk(server: ScriptedServer, tmp_path: Path) -> None:
    """No file of the worker holds the secret while its run goes on."""
    spec = script("echo $TOKEN; sleep 60", secrets=[pb.Secret(name="token", value=b"hunter2-secret", env="TOKEN")])
    key = server.run(spec)
    await server.until(lambda: server.last(key) == "output")
    contents = read_all(tmp_path)
    assert any(b"***" in content for content in contents)
    assert not any(b"hunter2-secret" in content for content in contents)


def size_of_all(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*.journal"))


def read_all(directory: Path) -> list[bytes]:
    return [content for _, content in files_in(directory)]
