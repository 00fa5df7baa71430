"""How a worker gets its credential, keeps it, shows it, and refuses to show it in clear."""

import asyncio
import stat
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import grpc.aio
import pytest
from cryptography import x509

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.worker.transport import credential
from buildledger.worker.transport.transport import is_loopback
from tests.fakes.certificates import self_signed
from tests.fakes.scripted_server import ScriptedServer
from tests.worker.conftest import StartWorker, argv, eventually

WORKER_ID = "0e7a5f1a-0000-4000-8000-00000000000a"


class Enrollment(worker_pb2_grpc.EnrollmentServicer):
    """Takes one token, once."""

    def __init__(self) -> None:
        self.tokens = {"one-use"}
        self.requests: list[pb.EnrollRequest] = []
        self.rotations = 0
        self.renew_in_seconds: float | None = None

    async def Enroll(  # noqa: N802 - gRPC's name
        self, request: pb.EnrollRequest, context: "grpc.aio.ServicerContext[pb.EnrollRequest, pb.EnrollResponse]"
    ) -> pb.EnrollResponse:
        self.requests.append(request)
        if request.token not in self.tokens:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token is unknown, used or expired")
        self.tokens.discard(request.token)
        issued = pb.Credential(worker_id=WORKER_ID, bearer="first")
        if self.renew_in_seconds is not None:
            issued.renew_at.seconds = int(time.time() + self.renew_in_seconds)
        return pb.EnrollResponse(credential=issued)

    async def Rotate(  # noqa: N802 - gRPC's name
        self, request: pb.RotateRequest, context: "grpc.aio.ServicerContext[pb.RotateRequest, pb.RotateResponse]"
    ) -> pb.RotateResponse:
        assert ("authorization", "Bearer first") in [tuple(each) for each in context.invocation_metadata() or ()]
        self.rotations += 1
        return pb.RotateResponse(credential=pb.Credential(worker_id=WORKER_ID, bearer="second"))


@pytest.fixture
async def enrollment(server: ScriptedServer) -> Enrollment:
    """An enrollment service beside the scripted one."""
    service = Enrollment()
    await server.stop()
    await server.start(add=lambda each: worker_pb2_grpc.add_EnrollmentServicer_to_server(service, each))
    return service


async def test_enrolls_once(
    server: ScriptedServer, enrollment: Enrollment, start_worker: StartWorker, tmp_path: Path
) -> None:
    """The token is used once; the credential is stored for its owner only and shown in each session."""
    first = start_worker(server, enrollment_token="one-use")
    hello = await server.connected()
    first.cancel()
    await asyncio.wait([first])
    start_worker(server, enrollment_token="one-use")
    await server.connected(2)
    assert hello.worker_id == server.hellos[1].worker_id == WORKER_ID
    assert [seen["authorization"] for seen in server.metadata] == ["Bearer first", "Bearer first"]
    assert len(enrollment.requests) == 1
    path = tmp_path / "state" / "credential.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"one-use" not in path.read_bytes()


async def test_certificate_request(server: ScriptedServer, enrollment: Enrollment, start_worker: StartWorker) -> None:
    """The request for a certificate is signed by the key that stays with the worker."""
    start_worker(server, enrollment_token="one-use")
    await server.connected()
    request = x509.load_der_x509_csr(enrollment.requests[0].csr_der)
    assert request.is_signature_valid
    assert request.subject.rfc4514_string() == "CN=w"


@pytest.mark.usefixtures("enrollment")
async def test_bad_token(server: ScriptedServer, start_worker: StartWorker) -> None:
    """A worker whose token isn't taken says so and leaves: trying again can't help."""
    assert await start_worker(server, enrollment_token="wrong") == 2
    assert not server.hellos


async def test_rotation_in_mid_run(
    server: ScriptedServer, enrollment: Enrollment, start_worker: StartWorker, tmp_path: Path
) -> None:
    """A credential is renewed when it is time; the run and the session go on."""
    server.welcome.features.append("rotate")
    enrollment.renew_in_seconds = 0
    start_worker(server, enrollment_token="one-use")
    await server.connected()
    key = server.run(argv("sleep", "0.5"))
    await eventually(lambda: (stored := credential.load(tmp_path / "state")) is not None and stored.bearer == "second")
    assert (await server.ended(key)).code == 0
    assert enrollment.rotations == len(server.hellos) == 1


async def test_plain_transport_is_refused(start_worker: StartWorker, server: ScriptedServer) -> None:
    """Without TLS the worker connects to its own machine only."""
    assert await start_worker(server, server="203.0.113.1:443") == 2


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1:1", True),
        ("127.8.9.1:1", True),
        ("[::1]:1", True),
        ("localhost:1", True),
        ("unix:/run/x", True),
        ("192.0.2.1:1", False),
        ("localhost.example.org:1", False),
        ("127.0.0.1.example.org:1", False),
    ],
)
def test_loopback(address: str, expected: bool) -> None:
    """Only addresses that can't mean another machine count as loopback."""
    assert is_loopback(address) is expected


async def test_damaged_credential(start_worker: StartWorker, server: ScriptedServer, tmp_path: Path) -> None:
    """A credential file that makes no sense is said to, not replaced."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "credential.json").write_text("{")
    assert await start_worker(server) == 2
    assert (tmp_path / "state" / "credential.json").read_text() == "{"


@asynccontextmanager
async def over_tls() -> AsyncIterator[tuple[ScriptedServer, bytes]]:
    """A server over TLS, and the certificate that it shows; it is gone afterwards."""
    key, certificate = self_signed()
    scripted = ScriptedServer()
    listening = grpc.aio.server()
    worker_pb2_grpc.add_WorkerServicer_to_server(scripted, listening)
    scripted.port = listening.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, certificate)]))
    await listening.start()
    try:
        yield scripted, certificate
    finally:
        await listening.stop(0)


async def test_tls(start_worker: StartWorker, tmp_path: Path) -> None:
    """With an issuer's certificate the session runs over TLS, and a server of another issuer isn't talked to."""
    async with over_tls() as (scripted, certificate):
        for name, issuer in (("right", certificate), ("wrong", self_signed()[1])):
            (tmp_path / name).write_bytes(issuer)
        start_worker(scripted, ca_file=tmp_path / "wrong", state_dir=tmp_path / "state-1", name="wrong")
        start_worker(scripted, ca_file=tmp_path / "right", state_dir=tmp_path / "state-2", name="right")
        await scripted.connected()
        await scripted.ended(scripted.run(argv("true")))
        assert [hello.name for hello in scripted.hellos] == ["right"]


async def test_issuers_that_are_gone_are_one_line(
    start_worker: StartWorker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker whose `--ca` file was removed says so each time it would connect, without a traceback, and goes on."""
    issuers = tmp_path / "issuers"
    async with over_tls() as (scripted, certificate):
        issuers.write_bytes(certificate)
        worker = start_worker(scripted, ca_file=issuers)
        await scripted.connected()
        issuers.unlink()
    async with asyncio.timeout(30):
        while f"--ca: {issuers} can't be used" not in caplog.text:  # noqa: ASYNC110 - a log has no event
            await asyncio.sleep(0.05)
    assert not worker.done()
    assert not [record for record in caplog.records if record.exc_info]
