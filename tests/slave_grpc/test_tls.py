"""TLS for real: who is trusted by whom, on the first connection and later, with certificates and without."""

from __future__ import annotations

import base64
import dataclasses
import os
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import grpc.aio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from buildledger.domain.worker import RevokeWorker
from buildledger.events.ids import worker_id
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.settings import Address, AutoTls, ServerSettings, SettingsError, Tls
from buildledger.slave_grpc.identity.authority import KEY_FILE, SERVER_LIFE, Authority, private_pem
from buildledger.slave_grpc.identity.certificates import CertificateFiles, OwnCertificate
from buildledger.slave_grpc.identity.credential_issuer import token_with_ca, token_without_ca
from buildledger.slave_grpc.settings import WorkerServiceSettings
from buildledger.testing.clock import VirtualClock
from tests.slave_grpc.key_holder import KeyHolder, certificate_for
from tests.slave_grpc.raw_worker import OWN_CONNECTION, RawWorker
from tests.slave_grpc.service import Installation, in_the_present


def secured(installation: Installation, roots: bytes | None = None) -> grpc.aio.Channel:
    """A connection to the port where nobody needs a certificate."""
    credentials = grpc.ssl_channel_credentials(roots or authority_of(installation).certificate_pem)
    return grpc.aio.secure_channel(f"127.0.0.1:{installation.port}", credentials, OWN_CONNECTION)


def authority_of(installation: Installation) -> Authority:
    assert installation.authority is not None
    return installation.authority


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[Installation]:
    """A service that certifies itself and its workers, in the present, at two ports."""
    async with in_the_present(tmp_path / "server", WorkerServiceSettings(tls=AutoTls())) as installation:
        yield installation


@pytest.fixture
async def bob(secure: Installation) -> KeyHolder:
    """Enrolled over TLS."""
    await secure.issue_token("token")
    holder = KeyHolder()
    async with secured(secure) as channel:
        await holder.enroll(channel, "token")
    return holder


def mutual_tls(secure: Installation, holder: KeyHolder, chain: bytes = b"") -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(
        authority_of(secure).certificate_pem, holder.key_pem, chain or holder.credential.certificate_chain_pem
    )


async def outcome(worker: RawWorker) -> pb.Down | grpc.StatusCode:
    """What becomes of a hello: the first answer, or how the connection failed."""
    try:
        await worker.hello()
        down = await worker.hear()
    except grpc.aio.AioRpcError as error:
        return error.code()
    finally:
        await worker.close()
    assert down is not None
    return down


async def test_the_certificate_is_the_servers_choice(secure: Installation, bob: KeyHolder) -> None:
    """Subject, use and end are set by the server; the key is the worker's, whatever else its request says."""
    leaf, issuer = x509.load_pem_x509_certificates(bob.credential.certificate_chain_pem)
    assert leaf.subject.rfc4514_string() == f"CN={worker_id('bob')}"
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert leaf.not_valid_after_utc.timestamp() == int(bob.credential.not_after.ToSeconds())
    assert leaf.not_valid_before_utc < datetime.now(UTC) - timedelta(minutes=4)
    assert leaf.public_key() == bob.key.public_key()
    leaf.verify_directly_issued_by(issuer)
    assert issuer.public_bytes(serialization.Encoding.PEM) == bob.credential.trusted_ca_pem


async def test_a_certificate_is_a_credential(secure: Installation, bob: KeyHolder) -> None:
    """At the port for certificates it alone lets in, and a bearer credential beside it needs no proof."""
    port, tls = secure.service.mutual_port, mutual_tls(secure, bob)
    for metadata in ([], bob.metadata()[:1]):
        down = await outcome(RawWorker(port, "bob", metadata=metadata, tls=tls, instance_id="one"))
        assert isinstance(down, pb.Down)
        assert down.HasField("welcome"), down


async def test_certificates_that_are_refused(secure: Installation, bob: KeyHolder, tmp_path: Path) -> None:
    """None, another authority's, an expired one and one that isn't in the ledger let nobody in."""
    port, now = secure.service.mutual_port, datetime.now(UTC)
    roots = authority_of(secure).certificate_pem
    assert await outcome(RawWorker(port, "bob", metadata=[], tls=grpc.ssl_channel_credentials(roots))) == (
        grpc.StatusCode.UNAVAILABLE
    )
    (tmp_path / "other").mkdir()
    other = Authority.at(tmp_path / "other", now)
    foreign = other.certify_worker(bob.key.public_key(), str(worker_id("bob")), now, now + timedelta(days=1))
    key = serialization.load_pem_private_key((secure.directory / KEY_FILE).read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    expired = certificate_for(bob, roots, key, -timedelta(minutes=1), str(worker_id("bob")))
    for chain in (foreign.chain_pem, expired):
        tls = mutual_tls(secure, bob, chain)
        assert await outcome(RawWorker(port, "bob", metadata=[], tls=tls)) == grpc.StatusCode.UNAVAILABLE
    unknown = certificate_for(bob, roots, key, timedelta(days=1), str(worker_id("bob")))
    tls = mutual_tls(secure, bob, unknown)
    assert await outcome(RawWorker(port, "bob", metadata=[], tls=tls)) == grpc.StatusCode.UNAUTHENTICATED


async def test_a_revoked_certificate(secure: Installation, bob: KeyHolder) -> None:
    """It has time left, and is refused all the same: at the next connection, and on the one that is open."""
    port, tls = secure.service.mutual_port, mutual_tls(secure, bob)
    worker = RawWorker(port, "bob", metadata=[], tls=tls)
    await worker.connect()
    await secure.execute(RevokeWorker(worker="bob"))
    assert (await worker.expect("error")).error.code == pb.ERROR_CODE_UNAUTHENTICATED
    await worker.close()
    assert await outcome(RawWorker(port, "bob", metadata=[], tls=tls)) == grpc.StatusCode.UNAUTHENTICATED


async def test_somebody_elses_certificate(secure: Installation, bob: KeyHolder) -> None:
    """A certificate lets in under its own worker's name only, and with no other worker's bearer credential."""
    await secure.issue_token("alice")
    alice = KeyHolder("alice")
    async with secured(secure) as channel:
        await alice.enroll(channel, "alice")
    port, tls = secure.service.mutual_port, mutual_tls(secure, alice)
    down = await outcome(RawWorker(port, "bob", metadata=[], tls=tls))
    assert isinstance(down, pb.Down)
    assert down.error.code == pb.ERROR_CODE_UNAUTHENTICATED
    mixed = RawWorker(port, "bob", metadata=bob.metadata(), tls=tls)
    assert await outcome(mixed) == grpc.StatusCode.UNAUTHENTICATED


async def test_exchange_over_a_certificate(secure: Installation, bob: KeyHolder) -> None:
    """Rotate works where only certificates get in; a connection that was opened before goes on with the next bearer."""
    address = f"127.0.0.1:{secure.service.mutual_port}"
    async with grpc.aio.secure_channel(address, mutual_tls(secure, bob), OWN_CONNECTION) as channel:
        next_bob = await bob.rotate(channel, [])
        blobs = worker_pb2_grpc.BlobsStub(channel)
        await blobs.FindMissing(pb.FindMissingRequest(), metadata=next_bob.metadata())
    down = await outcome(RawWorker(secure.service.mutual_port, "bob", metadata=[], tls=mutual_tls(secure, next_bob)))
    assert isinstance(down, pb.Down)
    assert down.HasField("welcome")


async def test_an_unknown_issuer_is_not_trusted(secure: Installation, tmp_path: Path) -> None:
    """A token is never sent to a server that another authority has certified."""
    await secure.issue_token("token")
    (tmp_path / "other").mkdir()
    other = Authority.at(tmp_path / "other", datetime.now(UTC))
    async with secured(secure, other.certificate_pem) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await KeyHolder().enroll(channel, "token")
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    async with secured(secure) as channel:
        await KeyHolder().enroll(channel, "token")


async def test_a_token_may_come_whole(secure: Installation) -> None:
    """It carries the certificate of the authority; a worker that sends all of it is understood."""
    der = authority_of(secure).certificate_der
    token = token_with_ca("token", der)
    secret, _, issuer = token.partition(".")
    assert (secret, token_without_ca(token)) == ("token", "token")
    assert base64.urlsafe_b64decode(issuer + "=" * (-len(issuer) % 4)) == der
    assert len(token) < 600
    await secure.issue_token("token")
    async with secured(secure) as channel:
        await KeyHolder().enroll(channel, token)


def test_the_authority_is_kept_and_private(tmp_path: Path) -> None:
    """Its key can be read by its owner only, and a second start finds the same authority."""
    os.umask(0o022)
    first = Authority.at(tmp_path, datetime.now(UTC))
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert Authority.at(tmp_path, datetime.now(UTC)).certificate_pem == first.certificate_pem


@pytest.mark.parametrize("flaw", ["missing", "rubbish", "another key", "no authority"])
def test_an_authority_that_is_none(tmp_path: Path, flaw: str) -> None:
    """Files that can't certify anybody are named at the start."""
    now = datetime.now(UTC)
    authority = Authority.at(tmp_path, now)
    key = ec.generate_private_key(ec.SECP256R1())
    own, other = tmp_path / KEY_FILE, tmp_path / "other.pem"
    other.write_bytes(private_pem(key))
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(authority.certify_server(key.public_key(), ("localhost",), now).chain_pem)
    files = {
        "missing": Tls(certificate=tmp_path / "nothing.pem", key=own),
        "rubbish": Tls(certificate=tmp_path / "worker-ca.pem", key=_rubbish(tmp_path)),
        "another key": Tls(certificate=tmp_path / "worker-ca.pem", key=other),
        "no authority": Tls(certificate=leaf, key=other),
    }[flaw]
    with pytest.raises(SettingsError, match=r"\.pem"):
        Authority.of(files)


def _rubbish(directory: Path) -> Path:
    path = directory / "rubbish.pem"
    path.write_text("rubbish")
    return path


def _issue(authority: Authority, directory: Path) -> Tls:
    """A server certificate in files, as an ACME client leaves them."""
    key = ec.generate_private_key(ec.SECP256R1())
    files = Tls(certificate=directory / "server.pem", key=directory / "server-key.pem")
    files.certificate.write_bytes(
        authority.certify_server(key.public_key(), ("127.0.0.1",), datetime.now(UTC)).chain_pem
    )
    files.key.write_bytes(private_pem(key))
    return files


async def test_renewed_files_are_served_without_a_restart(tmp_path: Path) -> None:
    """The next connection gets what stands in the files; while they don't fit each other, what stood there before."""
    old, new = (tmp_path / name for name in ("old", "new"))
    old.mkdir()
    new.mkdir()
    before, after = Authority.at(old, datetime.now(UTC)), Authority.at(new, datetime.now(UTC))
    installation = Installation(tmp_path / "server")
    installation.close()
    files = _issue(before, tmp_path)
    installation.settings = dataclasses.replace(installation.settings, tls=files)
    installation.open()
    await installation.start()
    try:
        await installation.issue_token("one", "bob")
        async with secured(installation, before.certificate_pem) as channel:
            await KeyHolder().enroll(channel, "one")
        kept = files.key.read_bytes()
        _issue(after, tmp_path)
        renewed = files.key.read_bytes()
        files.key.write_bytes(kept)
        await installation.issue_token("two", "bob")
        async with secured(installation, before.certificate_pem) as channel:
            await KeyHolder().enroll(channel, "two")
        files.key.write_bytes(renewed)
        await installation.issue_token("three", "bob")
        async with secured(installation, after.certificate_pem) as channel:
            await KeyHolder().enroll(channel, "three")
    finally:
        await installation.stop()


def test_files_that_do_not_fit(tmp_path: Path) -> None:
    """A key of another certificate is named at the start."""
    files = _issue(Authority.at(tmp_path, datetime.now(UTC)), tmp_path)
    files.key.write_bytes(private_pem(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(SettingsError, match=r"server-key\.pem is not the key of"):
        CertificateFiles(files)


def test_the_servers_own_certificate_is_renewed(tmp_path: Path) -> None:
    """It names what it was told, and is made anew before it ends, while the server runs."""
    clock = VirtualClock()
    own = OwnCertificate(Authority.at(tmp_path, clock.now()), ("ci.example.org", "192.0.2.7"), clock)
    first = own.current()
    assert own.current() is first
    alternatives = (
        x509.load_pem_x509_certificate(first[1]).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    )
    assert alternatives.get_values_for_type(x509.DNSName) == ["ci.example.org"]
    assert [str(ip) for ip in alternatives.get_values_for_type(x509.IPAddress)] == ["192.0.2.7"]
    clock.advance(SERVER_LIFE.total_seconds() * 2 / 3)
    assert own.current() is not first


def test_settings_that_would_serve_in_clear(tmp_path: Path) -> None:
    """A network address needs TLS, and so does a port for certificates; the text says what to give."""
    anywhere = Address(host="0.0.0.0", port=0)
    for settings in (
        ServerSettings(state=tmp_path, grpc=anywhere),
        ServerSettings(state=tmp_path, grpc_mtls=anywhere),
    ):
        with pytest.raises(SettingsError, match="--grpc-tls auto"):
            settings.check()
    ServerSettings(state=tmp_path, grpc=anywhere, grpc_mtls=anywhere, grpc_tls=AutoTls()).check()
