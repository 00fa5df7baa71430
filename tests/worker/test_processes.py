"""A run's processes are one tree, and none of it outlives the run."""

import os
from pathlib import Path

import pytest

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from tests.fakes.scripted_server import ScriptedServer
from tests.worker.conftest import argv, eventually, is_alive, read_pid, script

pytestmark = pytest.mark.usefixtures("worker")


def timeouts(**seconds: float) -> pb.Timeouts:
    limits = pb.Timeouts()
    for name, value in seconds.items():
        getattr(limits, name).nanos = int(value * 1e9)
    return limits


async def test_grace_then_force(server: ScriptedServer) -> None:
    """A command sees the interrupt and the request to terminate before it is killed."""
    policy = [
        pb.StopStep(level=pb.STOP_LEVEL_INTERRUPT),
        pb.StopStep(level=pb.STOP_LEVEL_TERMINATE),
        pb.StopStep(level=pb.STOP_LEVEL_KILL),
    ]
    for step in policy:
        step.grace.nanos = 400_000_000
    spec = script(
        "trap 'echo INT' INT; trap 'echo TERM' TERM; echo ready; while :; do sleep 0.1; done", stop_policy=policy
    )
    key = server.run(spec)
    await server.until(lambda: server.last(key) == "output")
    server.stop_run(key)
    exited = await server.ended(key)
    told = [line for line in server.output(key).split() if line != b"Terminated"]
    assert told == [b"ready", b"INT", b"TERM"]
    assert exited.signal == 9
    levels = [event.stopping.level for event in server.events[key] if event.HasField("stopping")]
    assert levels == [pb.STOP_LEVEL_INTERRUPT, pb.STOP_LEVEL_TERMINATE, pb.STOP_LEVEL_KILL]


async def test_more_urgent_stop(server: ScriptedServer) -> None:
    """A second, harder request doesn't wait for the grace of the first."""
    spec = script("trap '' INT; echo ready; sleep 60", stop_policy=[pb.StopStep(level=pb.STOP_LEVEL_INTERRUPT)])
    spec.command.stop_policy[0].grace.seconds = 3600
    key = server.run(spec)
    await server.until(lambda: server.last(key) == "output")
    server.stop_run(key)
    await server.until(lambda: server.last(key) == "stopping")
    server.stop_run(key, pb.STOP_LEVEL_KILL)
    assert (await server.ended(key)).signal == 9


@pytest.mark.parametrize(
    "escape",
    [
        "setsid sleep 600 & echo $! > pid; wait",
        "(setsid sh -c 'echo $$ > pid; exec sleep 600' &) ; sleep 600",
        "setsid sh -c 'sh -c \"echo \\$\\$ > pid; exec sleep 600 >/dev/null 2>&1 </dev/null\" & exit' ; sleep 600",
    ],
    ids=["setsid", "double fork", "daemon"],
)
async def test_escaped_processes_die(server: ScriptedServer, work_dir: Path, escape: str) -> None:
    """A process that left its session and lost its parents is killed with the run that started it."""
    key = server.run(script(escape))
    await eventually(lambda: read_pid(work_dir / "b" / "pid") is not None)
    pid = read_pid(work_dir / "b" / "pid")
    assert pid is not None
    assert is_alive(pid)
    await server.until(lambda: server.last(key) == "started")
    root = server.events[key][1].started.pid
    await eventually(lambda: os.getsid(pid) != root)
    server.stop_run(key, pb.STOP_LEVEL_KILL)
    exited = await server.ended(key)
    assert not is_alive(pid)
    assert pid in [survivor.pid for survivor in exited.survivors_killed]


async def test_daemon_of_finished_command(server: ScriptedServer, work_dir: Path) -> None:
    """A daemon that closed its pipes is found and killed although the command has ended well."""
    key = server.run(script("setsid sh -c 'echo $$ > pid; exec sleep 600' >/dev/null 2>&1 </dev/null &\nsleep 0.3"))
    exited = await server.ended(key)
    pid = read_pid(work_dir / "b" / "pid")
    assert exited.code == 0
    assert [survivor.pid for survivor in exited.survivors_killed] == [pid]
    assert pid is not None
    assert not is_alive(pid)


async def test_background_child_holds_pipe(server: ScriptedServer) -> None:
    """A child that keeps the pipe open doesn't keep the run open."""
    key = server.run(script("sleep 600 & echo done"))
    exited = await server.ended(key, 15)
    assert exited.code == 0
    assert [survivor.name for survivor in exited.survivors_killed] == ["sleep"]
    assert server.output(key) == b"done\n"


async def test_runs_do_not_kill_each_other(server: ScriptedServer, work_dir: Path) -> None:
    """Sweeping up after one run leaves the escaped processes of another alone."""
    spec = script("setsid sh -c 'echo $$ > pid; exec sleep 600' & sleep 600")
    spec.builddir = "other"
    other = server.run(spec)
    await eventually(lambda: read_pid(work_dir / "other" / "pid") is not None)
    pid = read_pid(work_dir / "other" / "pid")
    await server.ended(server.run(script("setsid sleep 600 & exit 0")), 15)
    assert pid is not None
    assert is_alive(pid)
    assert server.last(other) == "started"


async def test_no_output(server: ScriptedServer) -> None:
    """A command that falls silent is ended for that reason; one that goes on writing isn't."""
    silent = script("echo start; sleep 60")
    silent.timeouts.CopyFrom(timeouts(no_output=0.5))
    chatty = script("for i in 1 2 3 4 5 6; do echo; sleep 0.2; done")
    chatty.timeouts.CopyFrom(timeouts(no_output=0.9))
    keys = [server.run(silent), server.run(chatty)]
    reasons = [(await server.ended(key)).reason for key in keys]
    assert reasons == [pb.EXIT_REASON_NO_OUTPUT, pb.EXIT_REASON_COMPLETED]


async def test_max_time(server: ScriptedServer) -> None:
    """A command that takes too long is ended for that reason, however much it writes."""
    spec = script("while :; do echo; sleep 0.1; done")
    spec.timeouts.CopyFrom(timeouts(max=0.5))
    exited = await server.ended(server.run(spec))
    assert exited.reason == pb.EXIT_REASON_MAX_TIME
    assert exited.signal == 2


async def test_log_limit(server: ScriptedServer) -> None:
    """A command that writes too much is ended for that reason, and its output ends at the limit."""
    key = server.run(script("yes", log_limit=100_001))
    exited = await server.ended(key)
    assert exited.reason == pb.EXIT_REASON_LOG_LIMIT
    assert len(server.output(key)) == 100_001
    server.check_totals(key)


async def test_cookie_is_inherited(server: ScriptedServer) -> None:
    """A worker inside of a run hands on the marks of the runs around it, so that those find its processes too."""
    key = server.run(script("echo $BUILDLEDGER_COOKIE"))
    await server.ended(key)
    outer = os.environ.get("BUILDLEDGER_COOKIE", "")
    assert server.output(key).decode().startswith(outer)
    assert len(server.output(key)) > len(outer) + 32


async def test_processor_time(server: ScriptedServer) -> None:
    """The end tells how long the command ran and what processor time it took."""
    exited = await server.ended(server.run(argv("true")))
    assert exited.ran_for.ToNanoseconds() > 0
    assert exited.HasField("user_cpu")
    assert exited.HasField("system_cpu")
