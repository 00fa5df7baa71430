"""What a command's start, environment and end look like to the server."""

import asyncio
from pathlib import Path

import pytest

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from tests.fakes.scripted_server import ScriptedServer
from tests.worker.conftest import argv, script

pytestmark = pytest.mark.usefixtures("worker")


async def test_echo(server: ScriptedServer) -> None:
    """A command's output and exit code arrive, with its start before and its totals after."""
    key = server.run(argv("echo", "hello world"))
    exited = await server.ended(key)
    assert server.kinds(key) == ["accepted", "started", "output", "exited"]
    assert server.output(key) == b"hello world\n"
    assert (exited.reason, exited.code) == (pb.EXIT_REASON_COMPLETED, 0)
    server.check_totals(key)


async def test_silence(server: ScriptedServer) -> None:
    """A command without output has no output event and no totals."""
    key = server.run(argv("true"))
    exited = await server.ended(key)
    assert server.kinds(key) == ["accepted", "started", "exited"]
    assert not exited.output_totals


@pytest.mark.parametrize(("text", "status"), [("exit 3", ("code", 3)), ("kill -9 $$", ("signal", 9))])
async def test_status(server: ScriptedServer, text: str, status: tuple[str, int]) -> None:
    """An exit code and a fatal signal are told apart."""
    exited = await server.ended(server.run(script(text)))
    name = exited.WhichOneof("status")
    assert (name, exited.code or exited.signal) == status
    assert exited.reason == pb.EXIT_REASON_COMPLETED


@pytest.mark.parametrize(
    ("spec", "failure"),
    [
        (argv("no-such-program"), pb.START_FAILURE_PROGRAM_NOT_FOUND),
        (argv("/etc/passwd"), pb.START_FAILURE_PERMISSION_DENIED),
        (argv("true", cwd="missing"), pb.START_FAILURE_BAD_CWD),
    ],
)
async def test_start_failures(server: ScriptedServer, spec: pb.RunSpec, failure: pb.StartFailure.ValueType) -> None:
    """A command that can't be started says why."""
    exited = await server.ended(server.run(spec))
    assert (exited.reason, exited.start_failure) == (pb.EXIT_REASON_START_FAILED, failure)
    assert exited.WhichOneof("status") is None
    assert exited.message


async def test_not_executable(server: ScriptedServer, work_dir: Path) -> None:
    """A file that isn't a program is told from one that is missing."""
    program = work_dir / "b" / "text"
    program.parent.mkdir(parents=True)
    program.write_bytes(b"\x00\x01")
    program.chmod(0o755)
    exited = await server.ended(server.run(argv("./text")))
    assert exited.start_failure == pb.START_FAILURE_NOT_EXECUTABLE


async def test_environment(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables are added and taken out; what configures the worker isn't handed on."""
    monkeypatch.setenv("TAKEN_OUT_1", "x")
    monkeypatch.setenv("BUILDLEDGER_WORKER_TOKEN", "x")
    spec = script("env", env={"ADDED": "grüße"}, unset_env=["TAKEN_OUT*"])
    key = server.run(spec)
    await server.ended(key)
    names = {line.partition(b"=")[0] for line in server.output(key).splitlines()}
    assert b"ADDED=" + "grüße".encode() in server.output(key)
    assert names.isdisjoint({b"TAKEN_OUT_1", b"BUILDLEDGER_WORKER_TOKEN"})


async def test_arguments_are_not_interpreted(server: ScriptedServer) -> None:
    """Spaces, quotes, newlines and characters of any language reach the program as they are."""
    args = ["a b", "'\"$HOME`", "new\nline", "日本", ""]
    key = server.run(argv("printf", "<%s>", *args))
    await server.ended(key)
    assert server.output(key).decode() == "".join(f"<{arg}>" for arg in args)


async def test_standard_input(server: ScriptedServer) -> None:
    """A command reads what it was given and then the end; without input it reads nothing."""
    given = server.run(argv("cat", stdin=b"x" * 100_000))
    without = server.run(argv("cat"))
    await server.ended(given)
    await server.ended(without)
    assert server.output(given) == b"x" * 100_000
    assert server.output(without) == b""


async def test_separate_streams(server: ScriptedServer) -> None:
    """Without merging, the streams are channels of their own."""
    key = server.run(script("echo out; echo err >&2", merge_stderr=False))
    await server.ended(key)
    assert (server.output(key, "stdout"), server.output(key, "stderr")) == (b"out\n", b"err\n")


async def test_merged_order(server: ScriptedServer) -> None:
    """Merged streams keep the order in which they were written."""
    key = server.run(script("for i in 1 2 3; do echo o$i; echo e$i >&2; done"))
    await server.ended(key)
    assert server.output(key).split() == [b"o1", b"e1", b"o2", b"e2", b"o3", b"e3"]


async def test_terminal(server: ScriptedServer) -> None:
    """A command on a pseudo terminal sees its size and has it as its controlling terminal."""
    spec = script("stty size; tty -s && echo yes > /dev/tty; echo $TERM", pty=pb.Pty(rows=33, columns=111))
    key = server.run(spec)
    exited = await server.ended(key)
    assert exited.code == 0
    assert server.output(key).splitlines() == [b"33 111", b"yes", b"xterm-256color"]


async def test_umask_and_directory(server: ScriptedServer, work_dir: Path) -> None:
    """A command runs in its directory with its file mode creation mask."""
    (work_dir / "b" / "sub").mkdir(parents=True)
    await server.ended(server.run(script("touch f", cwd="sub", umask=0o077)))
    assert (work_dir / "b" / "sub" / "f").stat().st_mode & 0o777 == 0o600


async def test_watched_file(server: ScriptedServer, work_dir: Path) -> None:
    """The growth of a watched file is output of its own channel, also when the file is replaced."""
    spec = script(
        "echo one > log; while [ ! -e seen ]; do sleep 0.05; done; rm log; echo two > log",
        watch_files=[pb.WatchFile(channel="test.log", path=b"log")],
    )
    key = server.run(spec)
    await server.until(lambda: server.output(key, "test.log") == b"one\n")
    (work_dir / "b" / "seen").touch()
    await server.ended(key)
    assert server.output(key, "test.log") == b"one\ntwo\n"
    server.check_totals(key)


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (pb.RunSpec(builddir="b"), pb.REJECT_CODE_INVALID_SPEC),
        (pb.RunSpec(builddir="b", command=pb.Command()), pb.REJECT_CODE_INVALID_SPEC),
        (argv("true", env={"A=B": "x"}), pb.REJECT_CODE_INVALID_SPEC),
        (argv("true\0"), pb.REJECT_CODE_INVALID_SPEC),
        (argv("true", watch_files=[pb.WatchFile(channel="stdio", path=b"x")]), pb.REJECT_CODE_INVALID_SPEC),
        (pb.RunSpec(builddir="../b", command=pb.Command(argv=pb.Argv(args=["true"]))), pb.REJECT_CODE_PATH_ESCAPES),
    ],
)
async def test_refused_specifications(server: ScriptedServer, spec: pb.RunSpec, code: pb.RejectCode.ValueType) -> None:
    """A specification that makes no sense is refused before anything is done."""
    rejected = await server.rejected(server.run(spec))
    assert rejected.code == code
    assert rejected.message


async def test_many_at_once(server: ScriptedServer) -> None:
    """Runs that are wanted at the same time all run, each with its own output."""
    keys = [server.run(argv("echo", str(number))) for number in range(20)]
    await asyncio.gather(*(server.ended(key) for key in keys))
    assert [server.output(key) for key in keys] == [f"{number}\n".encode() for number in range(20)]
