"""What builds ask of a worker, done by a real buildbot-worker behind the bridge."""

import hashlib
from pathlib import Path

from buildledger.domain.build import StopBuild
from buildledger.events.build import ArtifactStored, OperationStarted
from buildledger.events.ids import BuildId
from buildledger.events.operation import (
    Copy,
    EnvironmentValue,
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
from buildledger.events.worker import WorkerConnected
from tests.bridge.conftest import Bridged
from tests.worker.conftest import eventually, is_alive

VARIED = "i=0; while [ $i -lt 30000 ]; do echo $i-$((i*i*7919)); i=$((i+1)); done; printf '%s' end"


async def test_every_kind_of_operation(bridged: Bridged) -> None:
    """File operations, captured output, separate channels and uploads do what they say, in the worker's directory."""
    installation, root = bridged.installation, bridged.worker.directory / "tests"
    build = await installation.build("old")
    specs: list[OperationSpec] = [
        WriteFile(path="a/hello.txt", text="hello ü\n", executable=True),
        Copy(source="a", target="b"),
        Remove(path="a"),
        Stat(path="a"),
        Stat(path="b"),
        Stat(path="b/hello.txt"),
        MakeDirectory(path="c/d"),
        Run(script="ln -s hello.txt b/link; touch b/.hidden; printf x > b/empty; exit 0"),
        Stat(path="b/link"),
        Run(argv=("cat", "b/hello.txt"), capture_bytes=4),
        Run(script="echo one; echo two >&2", merge_stderr=False),
        Run(argv=("cat",), stdin="from stdin", env={"X": Text(value="y")}, capture_bytes=100),
        Upload(path="b", artifact="tree", limit_bytes=100),
        Remove(path="b"),
        Run(script="ln -s .. out"),
        Stat(path="out/x"),
        Remove(path="out"),
        Stat(path="../outside"),
        Run(argv=("no-such-program",)),
        Run(argv=("true",), cwd="nowhere"),
        Upload(path="nothing", artifact="nothing", limit_bytes=100),
    ]
    ends = []
    for number, spec in enumerate(specs):
        ends.append(await installation.ended(await installation.operation(build, spec, number)))
    assert [ended.text for ended in ends[3:6]] == ["missing", "directory", "file"]
    assert ends[8].text == "link"
    assert all(ended.ok for ended in ends[:15]), ends
    assert (ends[9].text, ends[9].text_truncated) == ("hell", True)
    assert {output.channel for output in ends[10].outputs} == {"stdout", "stderr"}
    assert ends[11].text == "from stdin"
    reasons = ["refused_path", "exited", "refused_path", "start_failed", "start_failed"]
    assert [ended.reason for ended in ends[15:20]] == reasons
    assert not ends[20].ok
    assert sorted(path.name for path in root.iterdir()) == ["c"]
    artifact = await installation.wait_for(ArtifactStored)
    assert (artifact.name, artifact.directory, artifact.file_count) == ("tree", True, 3)
    connected = await installation.wait_for(WorkerConnected)
    assert (connected.version, connected.os) == ("buildbot-worker/4.3.0", "linux")
    assert connected.labels["bridge"] == "buildbot-worker"


async def test_output_and_environment_are_exact(bridged: Bridged) -> None:
    """Order of both streams, endings of lines, a missing last newline and odd variables arrive as they are."""
    installation = bridged.installation
    build = await installation.build("old")
    value = "a ${FLEET} $b ${} $${c} '\"\\ ü"
    script = (
        'echo "$VALUE"; echo "${FLEET-gone}:$PYTHONPATH" >&2; printf "a\\r\\nb\\033[2J\\rc\\n\\n"; printf end; echo >&2'
    )
    env: dict[str, EnvironmentValue] = {"VALUE": Text(value=value), "PYTHONPATH": Text(value="/p")}
    operations = [
        await installation.operation(build, Run(script=script, env=env, unset_env=("FL*",), capture_bytes=1000)),
        await installation.operation(build, Run(script=VARIED), 1),
        await installation.operation(build, Run(script="kill -9 $$"), 2),
        await installation.operation(build, Run(script="exit 37"), 3),
        await installation.operation(build, Run(script="yes", log_limit_bytes=100_000, grace_seconds=0.2), 4),
    ]
    odd, varied, killed, failed, limited = [await installation.ended(each) for each in operations]
    assert odd.text == f"{value}\ngone:/p\na\r\nb\x1b[2J\rc\n\nend\n"
    expected = "".join(f"{i}-{i * i * 7919}\n" for i in range(30000)) + "end"
    assert [output.sha256 for output in varied.outputs] == [hashlib.sha256(expected.encode()).hexdigest()]
    assert (killed.reason, killed.signal) == ("signalled", 9)
    assert (failed.reason, failed.exit_code) == ("exited", 37)
    assert (limited.reason, limited.outputs[0].size_bytes) == ("log_limit", 100_000)


async def test_ending_a_command(bridged: Bridged, tmp_path: Path) -> None:
    """Stop interrupts first and kills last; limits in time hold; what escaped its group dies as well."""
    installation = bridged.installation
    pids = tmp_path / "pids"
    build = await installation.build("old")
    stubborn = f"trap 'echo INT' INT; trap 'echo TERM' TERM; echo $$ >> {pids}; while :; do sleep 0.1; done"
    specs = [
        Run(script=stubborn, grace_seconds=1, capture_bytes=100),
        Run(
            script=f"setsid sleep 600 >/dev/null 2>&1 & echo $! >> {pids}; sleep 600", max_seconds=1, grace_seconds=0.2
        ),
        Run(script="printf silent; sleep 600", no_output_seconds=1),
    ]
    operations = [await installation.operation(build, spec, number) for number, spec in enumerate(specs)]
    await installation.wait_for(OperationStarted, len(specs))
    ends = [await installation.ended(each) for each in operations[1:]]
    await installation.execute(StopBuild(build_id=build, reason="not needed"))
    stopped = await installation.ended(operations[0])
    assert [ended.reason for ended in (stopped, *ends)] == ["cancel", "max_time", "no_output"]
    assert [word for word in stopped.text.split() if word.isupper()] == ["INT", "TERM"]
    assert stopped.signal == 9
    assert ends[0].survivors_killed >= 1
    left = [pid for pid in pids.read_text().split() if is_alive(int(pid))]
    assert left == []


async def test_secret_reaches_the_process_and_is_masked(bridged: Bridged) -> None:
    """The process sees the value; log, ledger and the bridge's own files don't have it."""
    installation = bridged.installation

    class OneSecret:
        def get(self, name: str, build_id: BuildId) -> str:
            return {"token": "geheimnis"}[name]

    installation.secrets = OneSecret()
    await installation.restart()
    build = await installation.build("old")
    spec = Run(
        script='test ${#TOKEN} = 9 && echo "<$TOKEN>"', env={"TOKEN": SecretName(name="token")}, capture_bytes=99
    )
    ended = await installation.ended(await installation.operation(build, spec))
    assert (ended.exit_code, ended.text) == (0, "<***>\n")
    stores = (installation.directory, bridged.settings.state_dir)
    for path in (each for store in stores for each in store.rglob("*") if each.is_file()):
        assert b"geheimnis" not in path.read_bytes(), path
    # What the documentation warns of: the old worker itself logs whatever it is sent.
    assert "geheimnis" in bridged.worker.log


async def test_connection_cut_in_mid_step(bridged: Bridged, tmp_path: Path) -> None:
    """The command is shown as interrupted for the reason that it is, dies, and the worker serves again."""
    installation, pid_file = bridged.installation, tmp_path / "pid"
    build = await installation.build("old")
    spec = Run(script=f"echo $$ > {pid_file}; echo before; sleep 600")
    operation = await installation.operation(build, spec)
    await installation.wait_for(OperationStarted)
    await eventually(pid_file.exists)
    bridged.proxy.cut()
    ended = await installation.ended(operation)
    assert ended.reason == "interrupted"
    assert "protocol can't resume a command" in ended.detail
    await installation.wait_for(WorkerConnected, 2)
    assert (await installation.ended(await installation.operation(build, number=1))).ok
    assert not is_alive(int(pid_file.read_text()))
