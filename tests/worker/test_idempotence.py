"""Whatever the server repeats, withdraws or says too late, a run happens at most once."""

import uuid
from pathlib import Path

import pytest

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from tests.fakes.scripted_server import Key, ScriptedServer
from tests.worker.conftest import StartWorker, argv, eventually, script

pytestmark = pytest.mark.usefixtures("worker")


def want(key: Key, want: pb.Want.ValueType, *, fence: int = 1, spec: pb.RunSpec | None = None) -> pb.DesiredRun:
    return pb.DesiredRun(run_id=key[0], attempt=key[1], fence=fence, want=want, spec=spec)


async def test_repeated_run(server: ScriptedServer, work_dir: Path) -> None:
    """A run that is wanted again and again starts once, also after it has ended."""
    server.releases = False
    key = server.run(script("echo x >> count; sleep 0.2"))
    for _ in range(3):
        server.want(server.wanted[key])
    await server.ended(key)
    server.want(server.wanted[key])
    await server.ended(server.run(argv("true")))
    assert (work_dir / "b" / "count").read_text() == "x\n"
    assert server.kinds(key).count("started") == 1


async def test_run_after_release(server: ScriptedServer, work_dir: Path) -> None:
    """A run that was released isn't started by a message that was late."""
    key = server.run(script("echo x >> count"))
    late = server.wanted[key]
    await server.ended(key)
    server.want(late)
    await server.ended(server.run(argv("true")))
    assert (work_dir / "b" / "count").read_text() == "x\n"


async def test_stop_before_run(server: ScriptedServer) -> None:
    """A run that is stopped before it is wanted never starts."""
    server.releases = False
    key = (str(uuid.uuid4()), 1)
    server.stop_run(key)
    rejected = await server.rejected(key)
    server.want(want(key, pb.WANT_RUN, spec=argv("true")))
    await server.ended(server.run(argv("true")))
    assert rejected.code == pb.REJECT_CODE_STOPPED_BEFORE_START
    assert server.kinds(key) == ["rejected"]


async def test_stop_repeated_and_late(server: ScriptedServer) -> None:
    """Stopping twice is like stopping once; stopping what has ended changes nothing."""
    server.releases = False
    key = server.run(argv("sleep", "60"))
    await server.until(lambda: server.last(key) == "started")
    server.stop_run(key)
    server.stop_run(key)
    exited = await server.ended(key)
    server.stop_run(key)
    await server.ended(server.run(argv("true")))
    assert exited.reason == pb.EXIT_REASON_CANCEL
    assert server.kinds(key) == ["accepted", "started", "stopping", "exited"]


async def test_lower_revision(server: ScriptedServer) -> None:
    """A message with a lower revision or epoch is outdated and ignored."""
    first = server.run(argv("sleep", "60"))
    await server.until(lambda: server.last(first) == "started")
    current = server.desired([])
    stop = want(first, pb.WANT_STOP)
    server.send(pb.Down(desired=current))
    server.send(pb.Down(desired=pb.Desired(epoch=current.epoch, revision=current.revision - 1, runs=[stop])))
    server.send(pb.Down(desired=pb.Desired(epoch=current.epoch - 1, revision=99, runs=[stop])))
    await server.ended(server.run(argv("true")))
    assert server.last(first) == "started"


async def test_lower_fence(server: ScriptedServer) -> None:
    """Who holds an older lease can't stop the run; a newer lease shows in the events."""
    key = server.run(argv("sleep", "60"), fence=5)
    await server.until(lambda: server.last(key) == "started")
    server.want(want(key, pb.WANT_STOP, fence=4))
    await server.ended(server.run(argv("true")))
    assert server.last(key) == "started"
    server.want(want(key, pb.WANT_STOP, fence=6))
    await server.ended(key)
    assert server.events[key][-1].fence == 6


async def test_abandon(server: ScriptedServer) -> None:
    """An abandoned run is killed without grace, and its end is told."""
    key = server.run(script("trap '' INT TERM; sleep 60"))
    await server.until(lambda: server.last(key) == "started")
    server.want(want(key, pb.WANT_ABANDON))
    exited = await server.ended(key)
    assert (exited.reason, exited.signal) == (pb.EXIT_REASON_ABANDONED, 9)


async def test_release(server: ScriptedServer, tmp_path: Path) -> None:
    """Releasing frees the journal, may be repeated, and does nothing to a run that goes on."""
    server.releases = False
    key = server.run(argv("true"))
    await server.ended(key)
    running = server.run(argv("sleep", "60"))
    await server.until(lambda: server.last(running) == "started")
    for each in (key, key, running):
        server.want(want(each, pb.WANT_RELEASE))
    await eventually(lambda: not list((tmp_path / "state" / "runs").glob(f"{key[0]}*")))
    assert list((tmp_path / "state" / "runs").glob(f"{running[0]}*"))
    assert server.last(running) == "started"


async def test_omitted(server: ScriptedServer, tmp_path: Path) -> None:
    """A run that a full list leaves out is killed and forgotten; one that it names goes on."""
    omitted = server.run(script("trap '' INT TERM; sleep 60"))
    named = server.run(argv("sleep", "60"))
    await server.until(lambda: server.last(omitted) == server.last(named) == "started")
    server.send(pb.Down(desired=server.desired([server.wanted[named]], full=True)))
    await eventually(lambda: not list((tmp_path / "state" / "runs").glob(f"{omitted[0]}*")))
    assert server.kinds(omitted) == ["accepted", "started"]
    assert server.last(named) == "started"


async def test_next_attempt_waits(server: ScriptedServer, work_dir: Path) -> None:
    """A further attempt starts only when nothing of the one before is left."""
    spec = script("trap 'sleep 0.5; rmdir alone; exit 0' INT; mkdir alone || exit 9; sleep 60 >/dev/null 2>&1 & wait")
    first = server.run(spec)
    await eventually((work_dir / "b" / "alone").exists)
    server.stop_run(first)
    second = server.run(spec, run_id=first[0], attempt=2, fence=2)
    await server.ended(first)
    await server.until(lambda: server.last(second) == "started")
    await eventually((work_dir / "b" / "alone").exists)
    server.stop_run(second)
    assert (await server.ended(second)).code == 0


async def test_nonsense_names(server: ScriptedServer) -> None:
    """A run whose name isn't a UUID is ignored; in particular it names no file."""
    spec = argv("true")
    server.send(
        pb.Down(desired=server.desired([pb.DesiredRun(run_id="../../x", attempt=1, want=pb.WANT_RUN, spec=spec)]))
    )
    await server.ended(server.run(argv("true")))
    assert len(server.events) == 1


async def test_draining_server(server: ScriptedServer) -> None:
    """A server that drains is left with a goodbye and connected to again; the run doesn't notice."""
    key = server.run(script("echo a; sleep 0.5; echo b"))
    await server.until(lambda: server.last(key) == "output")
    server.send(pb.Down(drain=pb.Drain()))
    await server.connected(2)
    await server.ended(key)
    assert [goodbye.reason for goodbye in server.goodbyes] == ["drained"]
    assert server.output(key) == b"a\nb\n"
    server.check_totals(key)


async def test_refusal(server: ScriptedServer, start_worker: StartWorker, tmp_path: Path) -> None:
    """A worker that is refused tries again, not at once if it is told to wait."""
    server.refusal = pb.Error(code=pb.ERROR_CODE_OVERLOADED, message="later")
    server.refusal.retry_after.seconds = 1
    start_worker(server, state_dir=tmp_path / "other", name="other")
    await server.connected(2)
    assert len(server.hellos) == 2
    server.refusal = None
    await server.connected(3)
