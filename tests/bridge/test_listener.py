"""Who is let in through the bridge's listener, and what those who aren't are told."""

import asyncio
import base64
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidMessage, InvalidStatus

from buildledger.bridge import listener
from buildledger.bridge.settings import BridgeSettings
from buildledger.events.worker import WorkerConnected
from tests.bridge.conftest import PASSWORD, Bridged, bridge_of
from tests.bridge.old_worker import OldWorker
from tests.slave_grpc.service import PATIENCE_SECONDS, Installation
from tests.worker.conftest import eventually

WRONG = "the bridge knows no such name and password"
TAKEN = "another machine is attached under this name"


def opening(port: int, name: str = "old", password: str = PASSWORD, **options: Any) -> connect:
    """A WebSocket to the bridge, as an old worker opens it."""
    encoded = base64.b64encode(f"{name}:{password}".encode()).decode()
    scheme = "wss" if "ssl" in options else "ws"
    headers = {"Authorization": f"Basic {encoded}"}
    return connect(f"{scheme}://127.0.0.1:{port}", additional_headers=headers, compression=None, **options)


async def refused(attempt: connect) -> tuple[int, str]:
    """Status and reason of an opening that fails."""
    with pytest.raises(InvalidStatus) as caught:
        await attempt
    return caught.value.response.status_code, caught.value.response.reason_phrase


@pytest.fixture(autouse=True)
def _hasty_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "REFUSAL_SECONDS", 0.05)
    monkeypatch.setattr(listener, "ALIVE_SECONDS", 0.5)


async def test_wrong_password(bridged: Bridged, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Both logs say why, the bridge once, and the worker isn't let spin; one under a name that is taken is told so."""
    assert bridged.bridge is not None
    await bridged.installation.wait_for(WorkerConnected)
    port = bridged.bridge.port
    adopted_orphans = [
        OldWorker(tmp_path / "wrong", port=port, name="old", password="wrong"),
        OldWorker(tmp_path / "second", port=port, name="old", password=PASSWORD),
    ]
    async with AsyncExitStack() as stack:
        for stranger in adopted_orphans:
            stack.push_async_callback(asyncio.to_thread, stranger.stop)
            stranger.start()
        await eventually(lambda: adopted_orphans[0].log.count(f"[401]: {WRONG}") >= 4, PATIENCE_SECONDS)
        await eventually(lambda: TAKEN in adopted_orphans[1].log, PATIENCE_SECONDS)
    assert sum(WRONG in record.getMessage() for record in caplog.records) == 1
    assert bridged.worker.log.count("WebSocket connection closed") == 0


async def test_openings_that_are_refused(settings: BridgeSettings) -> None:
    """Without a password, with another's, with one that doesn't exist; and the file of workers is read again."""
    async with bridge_of(settings) as bridge:
        port = bridge.port
        assert await refused(connect(f"ws://127.0.0.1:{port}")) == (
            401,
            "a Buildbot worker says its name and password: use --protocol=msgpack_experimental_v7",
        )
        assert await refused(opening(port, "unknown")) == (401, WRONG)
        assert await refused(opening(port, password="")) == (401, WRONG)
        settings.workers_file.write_text("workers: 1\n")
        assert (await refused(opening(port)))[0] == 503
        settings.workers_file.write_text("workers: {new: {password_file: password}}\n")
        assert await refused(opening(port)) == (401, WRONG)
        async with opening(port, "new"):
            pass


async def test_a_worker_that_isnt_enrolled(settings: BridgeSettings, caplog: pytest.LogCaptureFixture) -> None:
    """Is sent away with what to do, and then refused for a while."""
    settings.workers_file.write_text("workers: {old: {password_file: password}}\n")
    async with bridge_of(settings) as bridge:
        async with opening(bridge.port) as socket:
            reason = await _be_a_worker(socket)
        assert "isn't enrolled" in reason
        status, again = await refused(opening(bridge.port))
        assert (status, "isn't enrolled" in again) == (409, True)
    assert "--admin-token" in caplog.text


async def test_a_machine_that_isnt_posix(settings: BridgeSettings) -> None:
    """Is sent away with what to use instead."""
    async with bridge_of(settings) as bridge, opening(bridge.port) as socket:
        assert "Build Ledger's own worker" in await _be_a_worker(socket, system="nt")


RUBBISH: list[Callable[[int], bytes]] = [
    lambda _: b"\xc1",
    lambda _: msgspec.msgpack.encode([1]),
    lambda _: msgspec.msgpack.encode({"op": "update"}),
    lambda number: msgspec.msgpack.encode({"op": "response", "seq_number": number, "result": 5}),
    lambda number: msgspec.msgpack.encode(
        {"op": "response", "seq_number": number, "result": "no such thing", "is_exception": True}
    ),
]


@pytest.mark.parametrize("rubbish", RUBBISH)
async def test_rubbish(settings: BridgeSettings, rubbish: Callable[[int], bytes]) -> None:
    """Ends the connection that it comes from, and nothing else."""
    async with bridge_of(settings) as bridge:
        async with opening(bridge.port) as socket:
            async for message in socket:
                await socket.send(rubbish(_decoded(message)["seq_number"]))
        assert socket.close_code == 1001
        assert (await refused(opening(bridge.port, "unknown")))[0] == 401


async def test_a_name_whose_holder_is_gone(settings: BridgeSettings) -> None:
    """Passes to who comes next, when the holder doesn't answer any more."""
    async with bridge_of(settings) as bridge, opening(bridge.port) as silent:
        await silent.recv()
        async with opening(bridge.port, ping_interval=None):
            pass


async def test_over_tls(installation: Installation, settings: BridgeSettings, tmp_path: Path) -> None:
    """With a certificate the bridge speaks TLS, and nothing else."""
    certificate, key = _certificate(tmp_path)
    secured = replace(settings, certificate=certificate, key=key)
    trust = ssl.create_default_context(cafile=certificate)
    async with bridge_of(secured) as bridge:
        async with opening(bridge.port, ssl=trust) as socket:
            assert _decoded(await socket.recv())["op"] == "set_worker_settings"
        with pytest.raises((OSError, InvalidMessage)):
            await opening(bridge.port)


async def _be_a_worker(socket: ClientConnection, system: str = "posix") -> str:
    """Answer as an old worker that has nothing to do; returns the reason by which it is sent away."""
    info = {"basedir": "/nowhere", "system": system, "environ": {}, "version": "4.3.0"}
    async for message in socket:
        question = _decoded(message)
        if question["op"] == "response":
            continue
        result = info if question["op"] == "get_worker_info" else None
        answer = {"op": "response", "seq_number": question["seq_number"], "result": result}
        await socket.send(msgspec.msgpack.encode(answer))
        if question["op"] == "start_command":
            complete = {"op": "complete", "seq_number": 0, "args": None, "command_id": question["command_id"]}
            await socket.send(msgspec.msgpack.encode(complete))
    return socket.close_reason or ""


def _decoded(message: str | bytes) -> dict[str, Any]:
    assert isinstance(message, bytes)
    decoded: dict[str, Any] = msgspec.msgpack.decode(message)
    return decoded


def _certificate(directory: Path) -> tuple[Path, Path]:
    """A self-signed one for this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    present = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(present - timedelta(days=1))
        .not_valid_after(present + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = directory / "cert.pem", directory / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths
