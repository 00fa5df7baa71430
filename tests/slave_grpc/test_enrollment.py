"""Enrollment: a token is good once, for an hour, for its worker."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest

from buildledger.domain.worker import RevokeWorker
from buildledger.events.ids import worker_id
from buildledger.events.worker import EnrollmentUsed, WorkerEnrolled
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from tests.slave_grpc.raw_worker import RawWorker
from tests.slave_grpc.service import Installation

Stub = Any
"""`EnrollmentAsyncStub`, a class that exists for type checkers only."""


@pytest.fixture
async def enrollment(installation: Installation) -> AsyncIterator[Stub]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{installation.port}") as channel:
        yield worker_pb2_grpc.EnrollmentStub(channel)


async def test_token_becomes_a_credential(installation: Installation, enrollment: Stub) -> None:
    """The answer holds a credential that lets the worker in; no fact holds the credential or the token."""
    await installation.issue_token("token", "bob")
    credential = (await enrollment.Enroll(pb.EnrollRequest(token="token", name="bob"))).credential
    assert credential.worker_id == str(worker_id("bob"))
    worker = RawWorker(installation.port, "bob", credential=credential.bearer)
    assert (await worker.connect(worker_id=credential.worker_id)).epoch == 1
    await worker.close()
    told = str(installation.facts(EnrollmentUsed, WorkerEnrolled))
    assert credential.bearer not in told


@pytest.mark.parametrize("flaw", ["unknown", "used", "expired", "of another"])
async def test_bad_token(installation: Installation, enrollment: Stub, flaw: str) -> None:
    """A token that is unknown, used, expired or another's gives nothing."""
    await installation.issue_token("token", "alice" if flaw == "of another" else None)
    if flaw == "used":
        await enrollment.Enroll(pb.EnrollRequest(token="token", name="bob"))
    if flaw == "expired":
        installation.clock.advance(3601)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await enrollment.Enroll(pb.EnrollRequest(token="nope" if flaw == "unknown" else "token", name="bob"))
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_bad_name(enrollment: Stub) -> None:
    """A name outside the rule is refused before the token is looked at."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await enrollment.Enroll(pb.EnrollRequest(token="token", name="-x"))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_rotation_needs_a_credential(enrollment: Stub) -> None:
    """Nothing is exchanged for nothing."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await enrollment.Rotate(pb.RotateRequest())
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_token_for_any_worker_takes_no_name_over(installation: Installation, enrollment: Stub) -> None:
    """Only one made for that worker replaces what it has, or any once that was revoked."""
    await installation.enroll("bob")
    for token, worker in (("any", None), ("bobs", "bob"), ("another", None)):
        await installation.issue_token(token, worker)
    with pytest.raises(grpc.aio.AioRpcError, match="bob' is enrolled already") as refused:
        await enrollment.Enroll(pb.EnrollRequest(token="any", name="bob"))
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    await enrollment.Enroll(pb.EnrollRequest(token="any", name="alice"))
    await enrollment.Enroll(pb.EnrollRequest(token="bobs", name="bob"))
    await installation.execute(RevokeWorker(worker="bob"))
    await enrollment.Enroll(pb.EnrollRequest(token="another", name="bob"))


@pytest.mark.parametrize("token", ["unknown", "of another"])
async def test_nobody_without_a_token_learns_which_names_are_configured(
    installation: Installation, enrollment: Stub, token: str
) -> None:
    """The answer to a bad token is the same for every name; whoever has a good one is told of a wrong name."""
    installation.configured = {"bob", "alice"}
    await installation.issue_token("of another", "alice")
    answers = set()
    for name in ("bob", "nobody"):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await enrollment.Enroll(pb.EnrollRequest(token=token, name=name))
        answers.add((refused.value.code(), refused.value.details()))
    assert len(answers) == 1
    await installation.issue_token("good")
    with pytest.raises(grpc.aio.AioRpcError, match="isn't in the server's configuration"):
        await enrollment.Enroll(pb.EnrollRequest(token="good", name="nobody"))
