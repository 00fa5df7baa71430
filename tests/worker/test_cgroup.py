"""With a delegated cgroup no process gets away, whatever it does."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from tests.fakes.scripted_server import ScriptedServer
from tests.worker.conftest import StartWorker, argv, eventually, is_alive, read_pid, script


@pytest.fixture
def cgroup() -> Iterator[Path]:
    """A cgroup v2 directory in which leaves can be made."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    mount = next((Path(fields[4]) for fields in mounts if "cgroup2" in fields), None)
    if mount is None:
        pytest.skip("this machine has no cgroup v2")
    path = mount / f"buildledger-test-{uuid.uuid4().hex[:8]}"
    try:
        path.mkdir()
    except OSError:
        pytest.skip("cgroup v2 isn't delegated to this user")
    yield path
    path.rmdir()


async def test_nothing_escapes(server: ScriptedServer, start_worker: StartWorker, cgroup: Path, work_dir: Path) -> None:
    """A daemon that left its session, cleared its environment and lost its parents is killed with its run."""
    worker = start_worker(server, cgroup=cgroup)
    key = server.run(
        script("env -i setsid sh -c 'echo $$ > pid; exec sleep 600' >/dev/null 2>&1 </dev/null & sleep 0.3")
    )
    await eventually(lambda: read_pid(work_dir / "b" / "pid") is not None)
    pid = read_pid(work_dir / "b" / "pid")
    exited = await server.ended(key)
    assert "cgroup" in server.hellos[0].features
    assert server.events[key][1].started.mechanism == "cgroup_v2"
    assert [survivor.pid for survivor in exited.survivors_killed] == [pid]
    assert pid is not None
    assert not is_alive(pid)
    missing = await server.ended(server.run(argv("no-such-program")))
    assert missing.start_failure == pb.START_FAILURE_PROGRAM_NOT_FOUND
    worker.cancel()
    await eventually(lambda: not [leaf for leaf in cgroup.iterdir() if leaf.is_dir()])
