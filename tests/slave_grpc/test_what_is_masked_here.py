"""What the server masks once more: messages, captured output, test reports, names of files."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc.aio
import pytest

from buildledger.composition.masking import SecretMasking
from buildledger.events.answers import KEPT_ARTIFACT, ExposedSecret
from buildledger.events.ids import BuildId, OperationId
from buildledger.events.operation import Ended, EnvironmentValue, Run, SecretName, Text, Upload
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.logs.artifacts import read_whole
from buildledger.logs.artifacts_manifest import Manifest
from buildledger.slave_grpc.sessions.uploaded_artifacts import UploadedArtifacts
from buildledger.slave_grpc.state.open_work import OpenOperation
from tests.faults.installation import wait_until
from tests.slave_grpc.raw_worker import RawWorker, Script
from tests.slave_grpc.service import Installation

SECRET = 'p&ss "word" of it'
REPORT = b'<testsuite><testcase name="a"><failure>p&amp;ss "word" of it</failure></testcase></testsuite>'
MASKED = b'<testsuite><testcase name="a"><failure>***</failure></testcase></testsuite>'
PROGRAM = Run(argv=("x",), env={"PASSWORD": SecretName("password")}, capture_bytes=1_000)
REPORTS = Upload(path=".", artifact="tests", limit_bytes=1 << 20, files=("*.xml",), reports=True)
PLAIN = Upload(path=".", artifact="files", limit_bytes=1 << 20, files=("*.xml",))


class OneSecret:
    """A source that has one secret, and can be away."""

    def __init__(self) -> None:
        self.away = False

    def get(self, name: str, build_id: BuildId) -> str:
        """See `SecretSource`."""
        if self.away:
            raise OSError("Vault is sealed")
        if name != "password":
            raise LookupError(name)
        return SECRET


@pytest.fixture
def source() -> OneSecret:
    return OneSecret()


@pytest.fixture
async def installation(tmp_path: Path, source: OneSecret) -> AsyncIterator[Installation]:
    installation = Installation(tmp_path)
    installation.close()
    installation.secrets = source
    installation.open()
    await installation.start()
    await installation.enroll("bob")
    yield installation
    await installation.stop()


@pytest.fixture
async def bob(installation: Installation) -> AsyncIterator[RawWorker]:
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    yield worker
    await worker.close()


async def test_a_message_and_captured_output_are_masked(installation: Installation, bob: RawWorker) -> None:
    """Whatever the worker forgot."""
    operation = await installation.operation(await installation.build("bob"), PROGRAM)
    script = Script.of(operation, await bob.expect_run(operation))
    started, output = script.started(), script.output(f"it is {SECRET}".encode())
    end = script.exited()
    end.exited.message = f"can't start with {SECRET}"
    await bob.report(started, output, end)
    ended = await installation.ended(operation)
    assert (ended.text, ended.detail) == ("it is ***", "can't start with ***")


async def test_a_refusal_is_masked(installation: Installation, bob: RawWorker) -> None:
    """Its message, too."""
    operation = await installation.operation(await installation.build("bob"), PROGRAM)
    script = Script.of(operation, await bob.expect_run(operation))
    await bob.report(script.event(rejected=pb.Rejected(message=f"no room for {SECRET}")))
    assert (await installation.ended(operation)).detail == "no room for ***"


async def test_a_secret_that_may_be_seen_is_no_secret_to_the_worker(installation: Installation, bob: RawWorker) -> None:
    """It is sent as a plain variable, and nothing is hidden."""
    spec = Run(argv=("x",), env={"PASSWORD": SecretName("password", mask=False)})
    operation = await installation.operation(await installation.build("bob"), spec)
    desired = await bob.expect_run(operation)
    assert dict(desired.spec.command.env) == {"PASSWORD": SECRET}
    assert not desired.spec.command.secrets
    script = Script.of(operation, desired)
    end = script.exited()
    end.exited.message = SECRET
    await bob.report(script.started(), end)
    assert (await installation.ended(operation)).detail == SECRET


async def test_a_later_program_is_told_what_to_hide(installation: Installation, bob: RawWorker) -> None:
    """It may find in a file what an earlier one was given: no variable holds the secret, yet the worker masks it."""
    build = await installation.build("bob")
    await ran(installation, bob, build, PROGRAM, 0)
    later = await installation.operation(build, Run(argv=("cat", ".netrc"), capture_bytes=1_000), 1)
    desired = await bob.expect_run(later)
    (secret,) = desired.spec.command.secrets
    assert (secret.value.decode(), secret.env, secret.file_env) == (SECRET, "", "")
    script = Script.of(later, desired)
    await bob.report(script.started(), script.output(f"it is {SECRET}".encode()), script.exited())
    assert (await installation.ended(later)).text == "it is ***"


async def test_a_program_does_not_start_while_it_could_not_be_masked(
    installation: Installation, bob: RawWorker, source: OneSecret
) -> None:
    """A secret that is gone can't be told any more; one whose place is away may stand in a file of the build."""
    build = await installation.build("bob")
    await ran(installation, bob, build, PROGRAM, 0)
    source.away = True
    ended = await installation.ended(await installation.operation(build, Run(argv=("cat", ".netrc")), 1))
    assert (ended.reason, "'password' can't be had and can't be masked" in ended.detail) == ("secrets_away", True)


async def test_nothing_is_kept_while_it_cannot_be_masked(
    installation: Installation, bob: RawWorker, source: OneSecret
) -> None:
    """The worker keeps what it has to say, and says it again when the secrets can be asked for."""
    operation = await installation.operation(await installation.build("bob"), PROGRAM)
    script = Script.of(operation, await bob.expect_run(operation))
    source.away = True
    events = (script.started(), script.output(f"it is {SECRET}".encode()), script.exited())
    await bob.report(*events)
    assert (await bob.expect("error")).error.code == pb.ERROR_CODE_UNAVAILABLE
    source.away = False
    again = RawWorker(installation.port, "bob")
    await again.connect(script.summary(0))
    await again.report(*events)
    await again.close()
    assert (await installation.ended(operation)).text == "it is ***"


async def test_a_later_program_may_say_that_it_may_be_seen(installation: Installation, bob: RawWorker) -> None:
    """`mask: false` counts for the step that has it."""
    build = await installation.build("bob")
    await ran(installation, bob, build, PROGRAM, 0)
    spec = Run(argv=("x",), env={"PASSWORD": SecretName("password", mask=False)})
    later = await installation.operation(build, spec, 1)
    assert not (await bob.expect_run(later)).spec.command.secrets


async def test_what_a_worker_says_of_files_is_masked(installation: Installation, bob: RawWorker) -> None:
    """An upload is given no secret, but a file may be called like one that a program of its build was given."""
    build = await installation.build("bob")
    await ran(installation, bob, build, PROGRAM, 0)
    operation = await installation.operation(build, PLAIN, 1)
    script = Script.of(operation, await bob.expect_run(operation))
    error = pb.FileError(code=pb.FILE_ERROR_CODE_IO, path=SECRET.encode())
    end = script.exited(code=1)
    end.exited.reason = pb.EXIT_REASON_FILE_FAILED
    end.exited.message = f"{SECRET}.xml is a pipe"
    await bob.report(script.event(file_result=pb.FileResult(error=error)), end)
    assert "***.xml is a pipe" in (await installation.ended(operation)).detail


async def test_what_no_worker_can_take_is_refused(installation: Installation, bob: RawWorker) -> None:
    """A specification beyond the protocol's largest message would end the session again and again."""
    variables: dict[str, EnvironmentValue] = {f"V{number}": Text("x" * 4_096) for number in range(300)}
    operation = await installation.operation(await installation.build("bob"), Run(argv=("x",), env=variables))
    ended = await installation.ended(operation)
    assert (ended.reason, "more than the" in ended.detail) == ("start_failed", True)


async def test_secrets_in_reports_are_hidden_before_they_are_kept(installation: Installation, bob: RawWorker) -> None:
    """The artifact holds the masked report under its own digest, and file names without secrets."""
    ended = await upload(installation, bob, REPORTS, f"{SECRET}.xml")
    assert ended.ok, ended
    manifest = Manifest.load(installation.artifacts, ended.text.partition('"sha256":"')[2][:64])
    (entry,) = manifest.entries
    assert entry.path == "***.xml"
    assert read_whole(installation.artifacts, entry.sha256) == MASKED
    assert entry.size == len(MASKED)


async def test_the_original_of_a_masked_report_is_gone(installation: Installation, bob: RawWorker) -> None:
    """Once the masked one is recorded nobody can read the bytes that came, not even in the server's directory."""
    assert (await upload(installation, bob, REPORTS, "a.xml")).ok
    digest = hashlib.sha256(REPORT).hexdigest()
    await asyncio.to_thread(wait_until, lambda: not installation.artifacts.has(digest), "the original is gone")
    kept = [read_whole(installation.artifacts, file.sha256) for file in installation.artifacts.files()]
    assert MASKED in kept
    assert REPORT not in kept


async def test_an_original_that_an_artifact_needs_stays(installation: Installation, bob: RawWorker) -> None:
    """Whoever has uploaded the same bytes as a plain file keeps them."""
    assert (await upload(installation, bob, PLAIN, "a.xml")).ok
    assert (await upload(installation, bob, REPORTS, "a.xml")).ok
    await asyncio.sleep(0.1)
    assert installation.artifacts.has(hashlib.sha256(REPORT).hexdigest())


async def test_a_report_too_large_to_be_masked_is_not_kept(installation: Installation) -> None:
    """It would be an artifact with the secret in it; its step fails and names it."""
    sha256 = installation.artifacts.put(REPORT)
    operation = OpenOperation(
        operation_id=OperationId(uuid4()),
        build_id=BuildId(uuid4()),
        worker="bob",
        fence=1,
        step=0,
        label="",
        directory="",
        spec=REPORTS,
        causation_id=uuid4(),
        correlation_id=None,
        secrets=("password",),
    )
    masks = SecretMasking(installation.ledger, OneSecret())
    sizes = {sha256: len(REPORT)}
    uploads = UploadedArtifacts(installation.artifacts, lambda _: sizes, masks, report_bytes=len(REPORT) - 1)
    entry = pb.FileEntry(path=b"a.xml", type=pb.FILE_TYPE_REGULAR, size=len(REPORT), sha256=bytes.fromhex(sha256))
    well = Ended(reason="exited", exit_code=0)
    ended, stored = await uploads.store(operation, REPORTS, [pb.FileResult(entries=[entry])], well)
    assert (ended.reason, ended.detail.startswith("a.xml: ")) == ("too_large", True)
    assert not stored


async def test_an_artifact_that_shows_a_secret_says_so(installation: Installation, bob: RawWorker) -> None:
    """By the names of file and secret, and without the secret; in any form in which output would hide it."""
    ended = await upload(installation, bob, PLAIN, "a.xml")
    kept = KEPT_ARTIFACT.read(ended.text)
    assert kept.exposed == (ExposedSecret(path="a.xml", secret="password"),)
    assert kept.exposed_count == 1


async def test_reports_that_are_told_of_bit_by_bit(installation: Installation, bob: RawWorker) -> None:
    """Their originals are removed at the end, not with the first thing that the worker says of the run."""
    ended = await upload(installation, bob, REPORTS, "a.xml", is_told_at_once=False)
    assert ended.ok, ended
    manifest = Manifest.load(installation.artifacts, ended.text.partition('"sha256":"')[2][:64])
    assert [read_whole(installation.artifacts, entry.sha256) for entry in manifest.entries] == [MASKED]


async def test_an_artifact_whose_name_tells_a_secret_is_refused(installation: Installation, bob: RawWorker) -> None:
    """Other files are kept as they are, but not under such a name."""
    ended = await upload(installation, bob, PLAIN, f"{SECRET}.xml")
    assert (ended.reason, "the name of a file in it holds a secret" in ended.detail) == ("refused_path", True)


async def test_other_files_are_kept_as_they_are(installation: Installation, bob: RawWorker) -> None:
    """Whoever uploads a file wants it unchanged."""
    ended = await upload(installation, bob, PLAIN, "a.xml")
    manifest = Manifest.load(installation.artifacts, ended.text.partition('"sha256":"')[2][:64])
    assert read_whole(installation.artifacts, manifest.entries[0].sha256) == REPORT


async def ran(installation: Installation, bob: RawWorker, build: BuildId, spec: Run, step: int) -> None:
    """A program that has run in a build."""
    operation = await installation.operation(build, spec, step)
    script = Script.of(operation, await bob.expect_run(operation))
    await bob.report(script.started(), script.exited())
    await installation.ended(operation)


async def upload(
    installation: Installation, bob: RawWorker, spec: Upload, name: str, *, is_told_at_once: bool = True
) -> Any:
    """How an upload of one report ends, in a build whose program was given the secret."""
    build = await installation.build("bob")
    await ran(installation, bob, build, PROGRAM, 0)
    operation = await installation.operation(build, spec, 1)
    desired = await bob.expect_run(operation)
    digest = hashlib.sha256(REPORT).digest()
    blob = pb.Blob(sha256=digest, size=len(REPORT))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        stub: Any = worker_pb2_grpc.BlobsStub(channel)
        token = (("buildledger-run-token", desired.spec.blob_token),)
        await stub.Write([pb.BlobWriteRequest(blob=blob, data=REPORT)], metadata=token)
    script = Script.of(operation, desired)
    entry = pb.FileEntry(path=name.encode(), type=pb.FILE_TYPE_REGULAR, size=len(REPORT), sha256=digest)
    if not is_told_at_once:
        await bob.report(script.accepted())
        await bob.expect_ack(operation, 1)
    await bob.report(script.event(file_result=pb.FileResult(entries=[entry])), script.exited())
    return await installation.ended(operation)
