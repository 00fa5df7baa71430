"""A scripted server and workers that connect to it, in this process or in one of their own."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.main import run_worker
from buildledger.worker.settings import WorkerSettings
from tests.fakes.cutting_proxy import CuttingProxy
from tests.fakes.scripted_server import ScriptedServer
from tests.worker.supervised import StartSupervised


class StartWorker(Protocol):
    """Starts a worker in this process; it ends with the test."""

    def __call__(self, far_end: ScriptedServer | CuttingProxy, /, **settings: Any) -> "asyncio.Task[int]":
        """With these settings in place of the usual ones."""


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    scripted = ScriptedServer()
    await scripted.start()
    yield scripted
    await scripted.stop()


@pytest.fixture
async def proxy(server: ScriptedServer) -> AsyncIterator[CuttingProxy]:
    between = CuttingProxy(server.port)
    await between.start()
    yield between
    await between.stop()


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    return tmp_path / "work"


@pytest.fixture
async def start_worker(tmp_path: Path, work_dir: Path) -> AsyncIterator[StartWorker]:
    tasks: list[asyncio.Task[int]] = []

    def start(far_end: ScriptedServer | CuttingProxy, /, **settings: Any) -> "asyncio.Task[int]":
        usual: dict[str, Any] = {
            "server": far_end.address,
            "name": "w",
            "state_dir": tmp_path / "state",
            "work_dir": work_dir,
            "handle_signals": False,
        }
        task = asyncio.create_task(run_worker(WorkerSettings(**(usual | settings))))
        tasks.append(task)
        return task

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def worker(server: ScriptedServer, start_worker: StartWorker) -> "asyncio.Task[int]":
    """A worker that is connected."""
    task = start_worker(server)
    await server.connected()
    return task


THIS_WORKER = (sys.executable, "-m", "buildledger.worker")


@asynccontextmanager
async def worker_process(
    server: ScriptedServer,
    tmp_path: Path,
    *options: str,
    program: Sequence[str] = THIS_WORKER,
    supervision: Sequence[str] = ("--supervisor", "none"),
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker in a process of its own, without a supervisor unless the options name one; killed at the end."""
    process = await asyncio.create_subprocess_exec(
        *(*program, "--server", server.address, "--name", "w", *supervision),
        *("--state", str(tmp_path / "state"), "--work", str(tmp_path / "work"), *options),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture(params=["python", "node"])
def program(request: pytest.FixtureRequest) -> Sequence[str]:
    """The worker, in each of the languages whose workers take the supervisor from outside."""
    if request.param == "python":
        return THIS_WORKER
    compiled = Path(__file__).parents[2] / "workers" / "node" / "dist" / "cli.js"
    node = shutil.which("node")
    if node is None or not compiled.is_file():
        pytest.fail(f"this test needs the worker in TypeScript and there is no {compiled}: run `make workers`")
    return (node, str(compiled))


@pytest.fixture
def worker_with(server: ScriptedServer, tmp_path: Path, supervisor: Path, program: Sequence[str]) -> StartSupervised:
    """Starts a worker process with the supervisor and more options; a later `--supervisor` counts."""

    @asynccontextmanager
    async def start(*options: str) -> AsyncIterator[asyncio.subprocess.Process]:
        arguments = ("--supervisor", str(supervisor), *options)
        async with worker_process(server, tmp_path, *arguments, program=program) as process:
            yield process

    return start


def script(text: str, **command: Any) -> pb.RunSpec:
    """A specification that runs a shell script."""
    command.setdefault("merge_stderr", True)
    return pb.RunSpec(builddir="b", command=pb.Command(shell_script=pb.ShellScript(text=text), **command))


def argv(*args: str, **command: Any) -> pb.RunSpec:
    """A specification that runs a program."""
    command.setdefault("merge_stderr", True)
    return pb.RunSpec(builddir="b", command=pb.Command(argv=pb.Argv(args=args), **command))


async def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something that isn't announced has become true."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it didn't become true in time"
        await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether a process exists and isn't only waiting to be noticed as dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def names(directory: Path) -> list[str]:
    """What is in a directory; nothing if it doesn't exist."""
    return sorted(path.name for path in directory.glob("*"))


def read_pid(path: Path) -> int | None:
    """The process id that a script wrote into a file, once it is there."""
    try:
        return int(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
