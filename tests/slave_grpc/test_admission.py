"""Admission: which workers may hold a session, who is refused with which code, and which sessions must end."""

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from buildledger.domain.worker import ConnectWorker, RevokeWorker
from buildledger.events.ids import ServerId, worker_id
from buildledger.events.worker import WorkerConnected, WorkerDisconnected, WorkerPaused, WorkerResumed
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.settings import Address, SettingsError, Tls
from buildledger.slave_grpc.identity.certificates import CertificateFiles
from buildledger.slave_grpc.identity.credentials import digest_of
from buildledger.slave_grpc.server import bind, make_server
from tests.slave_grpc.raw_worker import RawWorker, Script, own_credential
from tests.slave_grpc.service import Installation


async def refusal(worker: RawWorker, **hello: Any) -> pb.Error:
    """What the worker is told instead of welcome; the stream ends after it."""
    await worker.hello(**hello)
    down = await worker.hear()
    assert down is not None
    assert down.WhichOneof("message") == "error"
    assert await worker.hear() is None
    await worker.close()
    return down.error


async def is_unauthenticated(worker: RawWorker) -> bool:
    """Whether the stream ends as UNAUTHENTICATED, before anything is said on it."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        assert await worker.hear()
    await worker.close()
    return raised.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("credential", [None, "wrong", ""])
async def test_wrong_credential(installation: Installation, credential: str | None) -> None:
    """Without its own credential a worker is refused, for good."""
    await installation.enroll("bob")
    assert await is_unauthenticated(RawWorker(installation.port, "bob", credential=credential))
    assert installation.facts(WorkerConnected) == []


async def test_never_enrolled(installation: Installation) -> None:
    """A name without a credential is refused."""
    assert await is_unauthenticated(RawWorker(installation.port, "stranger"))


async def test_credential_of_another_worker(installation: Installation) -> None:
    """A worker isn't admitted under a name that its worker id or its credential doesn't belong to."""
    await installation.enroll("bob")
    error = await refusal(RawWorker(installation.port, "bob"), worker_id=str(worker_id("alice")))
    assert error.code == pb.ERROR_CODE_UNAUTHENTICATED
    error = await refusal(RawWorker(installation.port, "alice", credential=own_credential("bob")))
    assert (error.code, error.fatal) == (pb.ERROR_CODE_UNAUTHENTICATED, True)


@pytest.mark.parametrize("proto", [(2, 9), (0, 0)])
async def test_protocol_mismatch(installation: Installation, proto: tuple[int, int]) -> None:
    """Disjoint version ranges are refused with both in the text."""
    await installation.enroll("bob")
    error = await refusal(RawWorker(installation.port, "bob"), proto=proto)
    assert (error.code, error.fatal) == (pb.ERROR_CODE_PROTOCOL_VERSION, True)
    assert f"{proto[0]} to {proto[1]}" in error.message


async def test_bad_name(installation: Installation) -> None:
    """A name outside the rule is refused with the rule."""
    await installation.enroll("bob")
    error = await refusal(RawWorker(installation.port, "../bob", credential=own_credential("bob")))
    assert error.code == pb.ERROR_CODE_PROTOCOL_VIOLATION
    assert "1–64" in error.message


async def test_stream_that_does_not_begin_with_hello(installation: Installation) -> None:
    """Anything else than hello first is a violation."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.say(pb.Up(heartbeat=pb.Heartbeat(n=1)))
    assert (await worker.expect("error")).error.code == pb.ERROR_CODE_PROTOCOL_VIOLATION
    await worker.close()


async def test_duplicate_name(installation: Installation) -> None:
    """A second process under a name is refused and told to come back; the first is not disturbed."""
    await installation.enroll("bob")
    first = RawWorker(installation.port, "bob")
    await first.connect()
    error = await refusal(RawWorker(installation.port, "bob"))
    assert (error.code, error.fatal) == (pb.ERROR_CODE_DUPLICATE_NAME, False)
    assert error.HasField("retry_after")
    await first.say(pb.Up(heartbeat=pb.Heartbeat(n=1)))
    await first.expect("heartbeat_reply")
    await first.close()
    await installation.wait_for(WorkerDisconnected)
    second = RawWorker(installation.port, "bob")
    assert (await second.connect()).epoch == 2
    await second.close()


async def test_connection_of_a_dead_server_does_not_block(installation: Installation) -> None:
    """After a crash of the server, its workers count as disconnected, and new processes of them are let in."""
    await installation.enroll("bob")
    await installation.enroll("alice")
    await connected_elsewhere(installation, "bob")
    await installation.restart()
    ended = await installation.wait_for(WorkerDisconnected)
    assert (ended.epoch, ended.reason) == (1, "server_lost")
    worker = RawWorker(installation.port, "bob")
    assert (await worker.connect()).epoch == 2
    await connected_elsewhere(installation, "alice")
    other = RawWorker(installation.port, "alice")
    assert (await other.connect()).epoch == 2
    await worker.close()
    await other.close()


async def test_newer_session_elsewhere_ends_the_stale_one(installation: Installation) -> None:
    """When the ledger shows a higher epoch on another server, the stream here is superseded."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    await connected_elsewhere(installation, "bob", instance_id=worker.instance_id)
    assert (await worker.expect("error")).error.code == pb.ERROR_CODE_SUPERSEDED
    assert await worker.hear() is None
    reasons = [fact.reason for fact in installation.facts(WorkerDisconnected) if isinstance(fact, WorkerDisconnected)]
    assert reasons == ["superseded"]
    await worker.close()


async def test_revoked_worker_has_to_leave(installation: Installation) -> None:
    """Revocation ends the session at once, and the next one isn't begun."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    await installation.execute(RevokeWorker(worker="bob", reason="stolen"))
    assert (await worker.expect("error")).error.code == pb.ERROR_CODE_UNAUTHENTICATED
    await worker.close()
    assert await is_unauthenticated(RawWorker(installation.port, "bob"))


async def test_silent_worker_is_disconnected(installation: Installation) -> None:
    """A worker that says nothing for three heartbeats is disconnected as silent."""
    installation.settings = dataclasses.replace(installation.settings, heartbeat_seconds=0.05)
    await installation.restart()
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    assert (await installation.wait_for(WorkerDisconnected)).reason == "silent"
    await worker.close()


async def test_drain(installation: Installation) -> None:
    """Draining tells workers to go, waits for them, and lets no more in."""
    await installation.enroll("bob")
    await installation.enroll("alice")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()

    async def obey() -> None:
        assert (await worker.expect("drain")).drain.deadline.seconds == 20
        error = await refusal(RawWorker(installation.port, "alice"))
        assert (error.code, error.fatal) == (pb.ERROR_CODE_UNAVAILABLE, False)
        await worker.say(pb.Up(goodbye=pb.Goodbye(reason="told to")))
        await worker.close()

    await asyncio.gather(installation.service.drain(20), obey())
    assert installation.service.connected == 0
    assert (await installation.wait_for(WorkerDisconnected)).reason == "drained"


async def test_worker_that_drains_is_paused_until_it_is_back(installation: Installation) -> None:
    """A worker that wants no more work is paused by its own word, and resumed when it comes back without it."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    await worker.say(pb.Up(drain_request=pb.DrainRequest(reason="maintenance")))
    assert (await installation.wait_for(WorkerPaused)).reason == "maintenance"
    await worker.close()
    await installation.wait_for(WorkerDisconnected)
    again = RawWorker(installation.port, "bob")
    await again.connect()
    await installation.wait_for(WorkerResumed)
    await again.close()


async def test_gap_is_a_violation(installation: Installation) -> None:
    """No run is allowed to drop output, so a gap ends the session with the reason."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.connect()
    operation = await installation.operation(await installation.build("bob"))
    script = Script.of(operation, await worker.expect_run(operation))
    await worker.report(script.event(gap=pb.Gap(channel="stdio", from_offset=0, to_offset=5)))
    error = (await worker.expect("error")).error
    assert error.code == pb.ERROR_CODE_PROTOCOL_VIOLATION
    assert "gap" in error.message
    await worker.close()


async def test_plain_text_stays_on_this_machine() -> None:
    """Without a certificate only loopback addresses are served; a wrong certificate is named."""
    server = make_server()
    with pytest.raises(SettingsError, match="in clear"):
        bind(server, Address(host="0.0.0.0", port=0), None)
    await server.stop(None)


async def test_missing_certificate_is_named(tmp_path: Path) -> None:
    """A certificate that can't be read is a clear error, not a server without one."""
    missing, server = tmp_path / "server.pem", make_server()
    with pytest.raises(SettingsError, match=r"server\.pem"):
        bind(server, Address(host="127.0.0.1", port=0), CertificateFiles(Tls(certificate=missing, key=missing)))
    await server.stop(None)


async def connected_elsewhere(installation: Installation, worker: str, instance_id: str = "other") -> None:
    """The worker holds a session with another server process."""
    await installation.execute(
        ConnectWorker(
            worker=worker,
            credential_digest=digest_of(own_credential(worker)),
            server_id=ServerId(worker_id("another server")),
            boot_id="boot",
            instance_id=instance_id,
            version="raw/1",
            os="linux",
            arch="x86_64",
            labels={},
            capacity=1,
            features=(),
            address="",
        )
    )


async def test_drain_while_a_worker_comes_in(installation: Installation) -> None:
    """A worker that is being welcomed when the server begins to drain is asked to leave, and waited for."""
    await installation.enroll("bob")
    worker = RawWorker(installation.port, "bob")
    await worker.hello()
    await installation.wait_for(WorkerConnected)
    draining = asyncio.create_task(installation.service.drain(20))
    await worker.expect("drain")
    assert not draining.done()
    await worker.say(pb.Up(goodbye=pb.Goodbye(reason="told to")))
    await draining
    await worker.close()
