"""The service and the real Python worker: whatever is cut or killed between them, nothing is lost or doubled."""

import asyncio
import hashlib
import random
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from buildledger.domain.build import StopBuild
from buildledger.events.build import ArtifactStored, OperationStarted
from buildledger.events.ids import BuildId
from buildledger.events.operation import (
    Copy,
    MakeDirectory,
    OperationSpec,
    Remove,
    Run,
    SecretName,
    Stat,
    Text,
    Upload,
    WriteFile,
)
from tests.fakes.cutting_proxy import CuttingProxy
from tests.fakes.ports import free_port
from tests.fakes.trees import files_in
from tests.slave_grpc.service import PATIENCE_SECONDS, Installation, StartWorker
from tests.worker.conftest import eventually


@pytest.mark.usefixtures("worker")
async def test_process_and_its_output(installation: Installation) -> None:
    """A script's exit code and output arrive; the log's digest is that of what it wrote."""
    build = await installation.build("bob")
    operation = await installation.operation(build, Run(script="printf 'out\\n'; printf err >&2; exit 3"))
    ended = await installation.ended(operation)
    assert (ended.reason, ended.exit_code) == ("exited", 3)
    (output,) = ended.outputs
    assert (output.channel, output.sha256) == ("stdio", hashlib.sha256(b"out\nerr").hexdigest())


@pytest.mark.usefixtures("worker")
async def test_every_kind_of_operation(installation: Installation, tmp_path: Path) -> None:
    """File operations, captured output, separate channels and uploads do what they say."""
    build = await installation.build("bob")
    specs: list[OperationSpec] = [
        WriteFile(path="a/hello.txt", text="hello\n"),
        Copy(source="a", target="b"),
        Remove(path="a"),
        Stat(path="a"),
        Stat(path="b"),
        Stat(path="b/hello.txt"),
        MakeDirectory(path="c/d"),
        Run(argv=("cat", "b/hello.txt"), capture_bytes=4),
        Run(script="echo one; echo two >&2", merge_stderr=False),
        Run(argv=("cat",), stdin="from stdin", env={"X": Text(value="y")}, capture_bytes=100),
        Upload(path="b/hello.txt", artifact="greeting", limit_bytes=100),
        Stat(path="../outside"),
        Run(argv=("no-such-program",)),
    ]
    ends = []
    for number, spec in enumerate(specs):
        ends.append(await installation.ended(await installation.operation(build, spec, number)))
    assert [ended.text for ended in ends[3:6]] == ["missing", "directory", "file"]
    assert all(ended.ok for ended in ends[:11]), ends
    assert (ends[7].text, ends[7].text_truncated) == ("hell", True)
    assert {output.channel for output in ends[8].outputs} == {"stdout", "stderr"}
    assert ends[9].text == "from stdin"
    assert [ended.reason for ended in ends[11:]] == ["refused_path", "start_failed"]
    artifact = await installation.wait_for(ArtifactStored)
    assert (artifact.name, artifact.sha256) == ("greeting", hashlib.sha256(b"hello\n").hexdigest())
    assert b"".join(installation.artifacts.read(artifact.sha256)) == b"hello\n"


class OneSecret:
    def get(self, name: str, build_id: BuildId) -> str:
        return {"token": "geheimnis"}[name]


async def test_secret_reaches_the_process_and_nothing_else(
    installation: Installation, start_worker: StartWorker
) -> None:
    """The process sees the value, its output is masked, no fact holds it; an unknown secret fails the operation."""
    installation.secrets = OneSecret()
    await installation.restart()
    await installation.issue_token("token")
    await start_worker(installation.port)
    build = await installation.build("bob")
    spec = Run(script='test ${#TOKEN} = 9 && echo "$TOKEN"', env={"TOKEN": SecretName(name="token")})
    operation = await installation.operation(build, spec)
    assert (await installation.ended(operation)).ok
    unknown = Run(argv=("true",), env={"TOKEN": SecretName(name="other")})
    ended = await installation.ended(await installation.operation(build, unknown, 1))
    assert (ended.reason, "'other'" in ended.detail) == ("no_secret", True)
    await installation.stop()
    assert [path for path, content in files_in(installation.directory) if b"geheimnis" in content] == []
    installation.open()
    await installation.start()


@pytest.mark.usefixtures("worker")
async def test_stopped_build(installation: Installation) -> None:
    """A stop request reaches the process, and the operation ends as cancelled."""
    build = await installation.build("bob")
    operation = await installation.operation(build, Run(argv=("sleep", "600"), grace_seconds=0.2))
    await installation.wait_for(OperationStarted)
    await installation.execute(StopBuild(build_id=build, reason="not needed"))
    assert (await installation.ended(operation)).reason == "cancel"


VARIED = """
import hashlib, sys
for number in range(40_000):
    print(number, hashlib.sha256(str(number).encode()).hexdigest())
"""


@pytest.mark.parametrize("seed", range(4))
async def test_connection_cut_at_random_bytes(installation: Installation, start_worker: StartWorker, seed: int) -> None:
    """Cut again and again at random positions, three megabytes arrive once and in order."""
    dice = random.Random(seed)
    await installation.issue_token("token")
    proxy = CuttingProxy(installation.port)
    await proxy.start()
    try:
        await start_worker(proxy.port)
        build = await installation.build("bob")
        operation = await installation.operation(build, Run(argv=(sys.executable, "-c", VARIED)))
        ending = asyncio.create_task(installation.ended(operation))
        while not ending.done() and proxy.cuts < 4:
            proxy.cut_after(dice.randrange(1_000_000))
            cuts = proxy.cuts
            await eventually(lambda cuts=cuts: proxy.cuts > cuts or ending.done(), PATIENCE_SECONDS)  # type: ignore[misc]
        ended = await ending
        assert proxy.cuts > 1
    finally:
        await proxy.stop()
    expected = await asyncio.to_thread(_output_of, VARIED)
    assert [output.sha256 for output in ended.outputs] == [hashlib.sha256(expected).hexdigest()]


def _output_of(program: str) -> bytes:
    return subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True).stdout


GATED = """
i=0; while [ $i -lt 2000 ]; do echo "before $i"; i=$((i+1)); done
while [ ! -e "$GATE" ]; do sleep 0.05; done
i=0; while [ $i -lt 2000 ]; do echo "after $i"; i=$((i+1)); done
"""


async def test_server_killed_in_mid_run(tmp_path: Path, start_worker: StartWorker) -> None:
    """After kill -9 of the server and a start, the run goes on, its output is whole, and it was started once."""
    gate = tmp_path / "gate"
    installation = Installation(tmp_path / "server")
    await installation.issue_token("token")
    build = await installation.build("bob")
    operation = await installation.operation(build, Run(script=GATED, env={"GATE": Text(value=str(gate))}))
    await asyncio.to_thread(installation.close)
    port = free_port()
    async with server_process(installation.directory, port) as server:
        await start_worker(port)
        async with Watching(installation.directory) as watching:
            await watching.wait_for(OperationStarted)
        server.kill()
        await server.wait()
    gate.touch()
    async with server_process(installation.directory, port), Watching(installation.directory) as watching:
        ended = await watching.ended(operation)
        assert len(watching.facts(OperationStarted)) == 1
    expected = b"".join(b"%s %d\n" % (word, i) for word in (b"before", b"after") for i in range(2000))
    assert [output.sha256 for output in ended.outputs] == [hashlib.sha256(expected).hexdigest()]


class Watching(Installation):
    """Looks at the ledger of a server that runs in another process."""

    async def __aenter__(self) -> "Watching":
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.close)


@asynccontextmanager
async def server_process(directory: Path, port: int) -> AsyncIterator[Process]:
    """A server that listens; killed at the end if it still runs."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.slave_grpc.server_process", str(directory), str(port), stdout=PIPE
    )
    try:
        assert server.stdout is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert int(await server.stdout.readline()) == port
        yield server
    finally:
        if server.returncode is None:
            server.kill()
        await server.wait()
