"""Credentials: bound to a key, good for a while, exchanged in time, and void for good when they are revoked."""

import base64
import dataclasses
from datetime import timedelta
from typing import Any

import grpc
import grpc.aio
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from buildledger.domain.worker import RevokeWorker
from buildledger.events.worker import (
    WorkerCredentialExpired,
    WorkerCredentialRotated,
    WorkerDisconnected,
    WorkerEnrolled,
    WorkerRevoked,
)
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from tests.slave_grpc.answers import let_in, refused, status
from tests.slave_grpc.key_holder import KeyHolder
from tests.slave_grpc.raw_worker import RawWorker
from tests.slave_grpc.service import Installation

DAY, HOUR, MINUTE = 86_400, 3_600, 60


async def test_what_the_ledger_keeps(installation: Installation, bob: KeyHolder) -> None:
    """The digest, the public key and the end: nothing of it lets anybody in."""
    (fact,) = installation.facts(WorkerEnrolled)
    assert isinstance(fact, WorkerEnrolled)
    assert fact.expires_at == installation.clock.now() + timedelta(days=1)
    assert bob.credential.renew_at.ToDatetime() == (installation.clock.now() + timedelta(hours=12)).replace(tzinfo=None)
    kept = serialization.load_der_public_key(base64.b64decode(fact.public_key))
    assert kept == bob.key.public_key()
    assert bob.credential.bearer not in str(fact)


async def test_rotation(installation: Installation, channel: grpc.aio.Channel, bob: KeyHolder) -> None:
    """Both credentials let in for an hour; afterwards the old one neither lets in nor can it be exchanged."""
    next_bob = await bob.rotate(channel)
    assert next_bob.credential.worker_id == bob.credential.worker_id
    for holder in (bob, next_bob):
        await let_in(installation, holder.metadata())
    installation.clock.advance(HOUR + MINUTE)
    now = installation.clock.now()
    assert "replaced by a later one" in await refused(installation, bob.metadata(now))
    code, _ = await status(bob.rotate(channel, bob.metadata(now)))
    assert code is grpc.StatusCode.UNAUTHENTICATED
    await let_in(installation, next_bob.metadata(now))
    (fact,) = installation.facts(WorkerCredentialRotated)
    assert isinstance(fact, WorkerCredentialRotated)
    assert fact.previous_expires_at == fact.expires_at - timedelta(hours=23)  # type: ignore[operator]


async def test_a_lost_answer_costs_nothing(
    installation: Installation, channel: grpc.aio.Channel, bob: KeyHolder
) -> None:
    """A worker that never got the next credential asks again with the old one; what was lost is void."""
    lost = await bob.rotate(channel)
    got = await bob.rotate(channel)
    assert "isn't in force" in await refused(installation, lost.metadata())
    await let_in(installation, got.metadata())


async def test_a_key_is_not_given_up(channel: grpc.aio.Channel, bob: KeyHolder) -> None:
    """A credential that is bound is exchanged for a bound one only, and for no request that is none."""
    stub: Any = worker_pb2_grpc.EnrollmentStub(channel)
    for request in (b"", b"rubbish"):
        code, details = await status(stub.Rotate(pb.RotateRequest(csr_der=request), metadata=bob.metadata()))
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert "csr_der" in details


async def test_keys_that_are_not_taken(installation: Installation, channel: grpc.aio.Channel) -> None:
    """A request for an unusual curve is refused by name, and the token isn't used up by that."""
    await installation.issue_token("token")
    odd = KeyHolder()
    odd.key = ec.generate_private_key(ec.SECP256K1())
    code, details = await status(odd.enroll(channel, "token"))
    assert (code, "P-256" in details) == (grpc.StatusCode.INVALID_ARGUMENT, True)
    await KeyHolder().enroll(channel, "token")


async def test_a_worker_without_a_key(installation: Installation, channel: grpc.aio.Channel) -> None:
    """The smallest worker sends no request and shows its bearer credential alone, which it can exchange."""
    await installation.issue_token("token")
    stub: Any = worker_pb2_grpc.EnrollmentStub(channel)
    first = (await stub.Enroll(pb.EnrollRequest(token="token", name="bob"))).credential
    shown = [("authorization", f"Bearer {first.bearer}")]
    await let_in(installation, shown)
    second = (await stub.Rotate(pb.RotateRequest(), metadata=shown)).credential
    await let_in(installation, [("authorization", f"Bearer {second.bearer}")])


async def test_an_expired_credential(installation: Installation, channel: grpc.aio.Channel, bob: KeyHolder) -> None:
    """Its end is a fact, ends the session that is open, and lets nobody in; a new token helps."""
    worker = RawWorker(installation.port, "bob", metadata=bob.metadata(), instance_id="one")
    await worker.connect()
    installation.clock.advance(DAY)
    error = (await worker.expect("error")).error
    assert (error.code, error.fatal, "expired" in error.message) == (pb.ERROR_CODE_UNAUTHENTICATED, True, True)
    await installation.wait_for(WorkerCredentialExpired)
    assert (await installation.wait_for(WorkerDisconnected)).reason == "expired"
    await worker.close()
    now = installation.clock.now()
    assert "expired" in await refused(installation, bob.metadata(now))
    assert (await status(bob.rotate(channel, bob.metadata(now))))[0] is grpc.StatusCode.UNAUTHENTICATED
    await installation.issue_token("again")
    await bob.enroll(channel, "again")
    await let_in(installation, bob.metadata(now))


async def test_an_exchange_keeps_the_session_alive(
    installation: Installation, channel: grpc.aio.Channel, bob: KeyHolder
) -> None:
    """The session that was opened with the first credential outlives it, because the worker holds another."""
    worker = RawWorker(installation.port, "bob", metadata=bob.metadata())
    await worker.connect()
    installation.clock.advance(DAY / 2)
    await bob.rotate(channel, bob.metadata(installation.clock.now()))
    installation.clock.advance(DAY / 2 + MINUTE)
    await worker.say(pb.Up(heartbeat=pb.Heartbeat(n=7)))
    assert (await worker.expect("heartbeat_reply")).heartbeat_reply.n == 7
    assert installation.facts(WorkerCredentialExpired, WorkerDisconnected) == []
    await worker.close()


async def test_revocation(installation: Installation, channel: grpc.aio.Channel, bob: KeyHolder) -> None:
    """It ends the session at once, for good, and voids the credential before it as well."""
    next_bob = await bob.rotate(channel)
    worker = RawWorker(installation.port, "bob", metadata=next_bob.metadata())
    await worker.connect()
    await installation.execute(RevokeWorker(worker="bob", reason="stolen"))
    error = (await worker.expect("error")).error
    assert (error.code, error.fatal, "revoked" in error.message) == (pb.ERROR_CODE_UNAUTHENTICATED, True, True)
    assert await worker.hear() is None
    assert (await installation.wait_for(WorkerDisconnected)).reason == "revoked"
    for holder in (bob, next_bob):
        assert "revoked" in await refused(installation, holder.metadata())
        assert (await status(holder.rotate(channel)))[0] is grpc.StatusCode.UNAUTHENTICATED
    await worker.close()


async def test_a_restart_keeps_everything(
    installation: Installation, channel: grpc.aio.Channel, bob: KeyHolder
) -> None:
    """What is in force, in its overlap, used up and revoked is so after a restart of the server too."""
    next_bob = await bob.rotate(channel)
    await installation.issue_token("alice", "alice")
    alice = KeyHolder("alice")
    await alice.enroll(channel, "alice")
    await installation.execute(RevokeWorker(worker="alice"))
    await installation.restart()
    for holder in (bob, next_bob):
        await let_in(installation, holder.metadata())
    assert "revoked" in await refused(installation, alice.metadata(), "alice")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as again:
        assert (await status(KeyHolder().enroll(again, "token")))[0] is grpc.StatusCode.UNAUTHENTICATED
        installation.clock.advance(HOUR + MINUTE)
        assert "replaced" in await refused(installation, bob.metadata(installation.clock.now()))
    assert len(installation.facts(WorkerEnrolled)) == 2
    assert len(installation.facts(WorkerRevoked)) == 1


async def test_an_end_that_came_while_the_server_was_away(installation: Installation, bob: KeyHolder) -> None:
    """It lets nobody in after the next start, and is noted when the clock has said so for an hour."""
    await installation.stop()
    installation.clock.advance(DAY)
    installation.open()
    await installation.start()
    assert "has expired" in await refused(installation, bob.metadata(installation.clock.now()))
    assert installation.facts(WorkerCredentialExpired) == []
    installation.clock.advance(HOUR + MINUTE)
    await installation.wait_for(WorkerCredentialExpired)


@pytest.mark.parametrize("while_serving", [False, True])
async def test_a_clock_that_was_once_ahead_voids_no_credential(
    installation: Installation, bob: KeyHolder, while_serving: bool
) -> None:
    """400 days ahead nobody is let in; when the clock is right again, the credential is good as before."""
    right = installation.clock.now()
    if not while_serving:
        await installation.stop()
    installation.clock.set(right + timedelta(days=400))
    if not while_serving:
        installation.open()
        await installation.start()
    assert "has expired" in await refused(installation, bob.metadata(installation.clock.now()))
    installation.clock.advance(2 * MINUTE)
    installation.clock.set(right + timedelta(minutes=2))
    await installation.restart()
    await let_in(installation, bob.metadata(installation.clock.now()))
    assert installation.facts(WorkerCredentialExpired) == []


async def test_a_name_that_is_not_configured(installation: Installation, channel: grpc.aio.Channel) -> None:
    """It isn't enrolled, and not let in until it is configured; the token is kept for the right name."""
    installation.configured = {"bob"}
    await installation.issue_token("token")
    code, details = await status(KeyHolder("bop").enroll(channel, "token"))
    assert (code, "'bop' isn't in the server's configuration" in details) == (grpc.StatusCode.INVALID_ARGUMENT, True)
    bob = KeyHolder()
    await bob.enroll(channel, "token")
    installation.configured = set()
    worker = RawWorker(installation.port, "bob", metadata=bob.metadata())
    await worker.hello()
    error = (await worker.expect("error")).error
    assert (error.code, error.fatal) == (pb.ERROR_CODE_UNKNOWN_WORKER, False)
    assert error.retry_after.ToSeconds() == 30
    await worker.close()
    installation.configured = {"bob"}
    await let_in(installation, bob.metadata())


async def test_a_worker_that_has_work_may_finish_it(installation: Installation, bob: KeyHolder) -> None:
    """One that was taken out of the configuration comes back for as long as something of it is open."""
    await installation.operation(await installation.build("bob"))
    installation.configured = set()
    await let_in(installation, bob.metadata())


async def test_the_smallest_settings_still_say_when_to_renew(installation: Installation) -> None:
    """The life of a credential is a setting, and it is renewed at half of it."""
    installation.settings = dataclasses.replace(installation.settings, credential_seconds=60)
    await installation.restart()
    await installation.issue_token("token")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        credential = await KeyHolder().enroll(channel, "token")
    assert credential.not_after.ToNanoseconds() - credential.renew_at.ToNanoseconds() == 30 * 10**9
