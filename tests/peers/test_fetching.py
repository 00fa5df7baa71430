"""What another server has is read over a real line as if it were here, and never by a stranger."""

from __future__ import annotations

import asyncio
import sqlite3
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from buildledger.clock import SystemClock
from buildledger.logs.artifacts import ArtifactAlteredError, digest_of
from buildledger.logs.artifacts_shared import SharedArtifactStore
from buildledger.logs.elsewhere import AwayError, StoredElsewhereError
from buildledger.logs.local import LocalLogStore
from buildledger.logs.shared import SharedLogStore
from buildledger.logs.store import BadPatternError, LogAlteredError, LogBytes, LogDigest, LogMissingError, Pattern
from buildledger.peers.client import HttpPeer
from buildledger.peers.identity import access_token, make_certificate, trust_only
from tests.peers.answering import KEY, PLACE, Answering, Asked, answering

LOG = UUID(int=5)
MIB = 1 << 20


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Answering]:
    """The server that has everything."""
    (tmp_path / "two").mkdir()
    async with answering(tmp_path / "two") as found:
        yield found


@pytest.fixture
async def mine(tmp_path: Path, other: Answering) -> AsyncIterator[SharedLogStore]:
    """The logs as another server sees them."""
    own = LocalLogStore(tmp_path / "one" / "logs")
    store = SharedLogStore(own, Asked(other.peer), look_seconds=0.02)
    yield store
    store.close()
    own.close()


@pytest.fixture
def my_files(tmp_path: Path, other: Answering) -> SharedArtifactStore:
    """The artifacts as another server sees them."""
    return SharedArtifactStore(tmp_path / "one" / "artifacts", None, Asked(other.peer))


def piece(offset: int, data: bytes) -> LogBytes:
    """A part of the log."""
    return LogBytes(log_id=LOG, offset=offset, data=data)


async def read(store: SharedLogStore, from_byte: int = 0, to_byte: int | None = None) -> bytes:
    """A range, all of it without one."""
    return b"".join([each async for each in store.raw(LOG, from_byte, to_byte)])


async def test_a_log_of_another_machine_is_read(other: Answering, mine: SharedLogStore) -> None:
    """Bytes and ranges of them, lines, hits, size and digest are those that the other server has."""
    text = b"".join(b"line %d\n" % number for number in range(300_000))
    (digest,) = await other.logs.append([piece(0, text)], [LOG])
    await mine.check(LOG, digest)
    assert await mine.size(LOG) == await other.logs.size(LOG)
    assert await read(mine) == text
    assert await read(mine, 1_000_000, 2_500_000) == text[1_000_000:2_500_000]
    assert (await mine.lines(LOG, 299_998, 300_005)).lines == [b"line 299998", b"line 299999"]
    found = await mine.search(LOG, Pattern(text=b"line 29999[89]", regex=True))
    assert [hit.line for hit in found.hits] == [299_998, 299_999]
    with pytest.raises(BadPatternError):
        await mine.search(LOG, Pattern(text=b"(", regex=True))


async def test_an_altered_log_is_noticed_from_afar(tmp_path: Path, other: Answering, mine: SharedLogStore) -> None:
    """It has another digest than its fact says: nothing of it is shown."""
    (digest,) = await other.logs.append([piece(0, b"as it was\n")], [LOG])
    with sqlite3.connect(tmp_path / "two" / "logs" / "logs.db") as database:
        database.execute("UPDATE chunk SET data = ?, codec = 0, packed_bytes = 10", (b"as it is.\n",))
    with pytest.raises(LogAlteredError):
        await mine.check(LOG, digest)


async def test_what_no_server_has_is_missing(mine: SharedLogStore, my_files: SharedArtifactStore) -> None:
    """All were asked: it is gone, and not elsewhere."""
    with pytest.raises(LogMissingError):
        await mine.check(LOG, None)
    with pytest.raises(FileNotFoundError):
        await asyncio.to_thread(my_files.check, "0" * 64)


async def test_a_log_goes_on_at_another_machine(other: Answering, mine: SharedLogStore) -> None:
    """Its worker came over: the beginning is fetched, and the log is whole where it ends."""
    await other.logs.append([piece(0, b"begun there\n")])
    (digest,) = await mine.append([piece(12, b"ended here\n")], [LOG])
    assert digest.size_bytes == 23
    await mine.check(LOG, digest)
    assert await read(mine) == b"begun there\nended here\n"


async def test_a_file_of_another_machine_is_read(other: Answering, my_files: SharedArtifactStore) -> None:
    """From any byte on, in pieces; its size and that its digest was checked are the other's."""
    data = bytes(range(256)) * (3 * MIB // 256)
    sha256 = other.artifacts.put(data)

    def look() -> tuple[bool, int, bytes, bytes]:
        my_files.check(sha256)
        pieces = list(my_files.read(sha256))
        assert max(map(len, pieces)) <= MIB, "not the whole of it at once"
        return my_files.has(sha256), my_files.size_bytes(sha256), b"".join(pieces), b"".join(my_files.read(sha256, MIB))

    assert await asyncio.to_thread(look) == (True, len(data), data, data[MIB:])


async def test_an_altered_file_is_noticed_from_afar(
    tmp_path: Path, other: Answering, my_files: SharedArtifactStore
) -> None:
    """Its bytes aren't those of its name: it isn't sent."""
    sha256 = other.artifacts.put(b"as it was")
    (tmp_path / "two" / "artifacts" / sha256[:2] / sha256).write_bytes(b"as it is.")
    with pytest.raises(ArtifactAlteredError, match="have been altered"):
        await asyncio.to_thread(my_files.check, sha256)


async def test_a_file_of_ten_bytes(other: Answering, my_files: SharedArtifactStore) -> None:
    """Whose size looks like a sign of life on the line."""
    sha256 = other.artifacts.put(b"0123456789")
    assert await asyncio.to_thread(my_files.size_bytes, sha256) == 10


async def test_nobody_else_is_answered(tmp_path: Path, other: Answering) -> None:
    """Without the token, or with that for another server, nothing is told, not even what there is."""
    trusted = trust_only(other.certificate)
    for shown in (None, "Bearer x", f"Bearer {access_token(KEY, 'store-3')}", f"Bearer {access_token(b'', 'store-2')}"):
        headers = {} if shown is None else {"Authorization": shown}
        async with httpx.AsyncClient(base_url=f"https://{other.address}", verify=trusted, headers=headers) as client:
            for path in (f"/logs/{LOG}/size", f"/files/{'0' * 64}/bytes", "/nothing"):
                assert (await client.get(path)).status_code == 401
    stranger = HttpPeer(PLACE, other.address, other.certificate, access_token(b"another's", "store-2"))
    with pytest.raises(AwayError, match="another installation"):
        await stranger.logs.size(LOG)
    await stranger.close()


async def test_the_token_is_shown_to_the_right_server_only(tmp_path: Path, other: Answering) -> None:
    """Whoever answers at its address without the certificate that stands in the database is told nothing."""
    certificate = make_certificate(tmp_path, SystemClock().now()).pem
    deceived = HttpPeer(PLACE, other.address, certificate, access_token(KEY, "store-2"))
    with pytest.raises(AwayError, match="certificate"):
        await deceived.logs.size(LOG)
    await deceived.close()
    with pytest.raises(ssl.SSLError):
        trust_only("no certificate")


async def test_what_a_server_has_that_is_away(
    other: Answering, mine: SharedLogStore, my_files: SharedArtifactStore
) -> None:
    """It is neither empty nor gone: the place is named, with the reason."""
    (digest,) = await other.logs.append([piece(0, b"there\n")], [LOG])
    sha256 = other.artifacts.put(b"a file")
    await other.stop.aclose()
    for said in (digest, None):
        with pytest.raises(StoredElsewhereError, match=r"ci-2 \(/var/lib/buildledger\): 127.0.0.1:\d+ doesn't answer"):
            await mine.check(LOG, said)
    with pytest.raises(StoredElsewhereError, match="doesn't answer"):
        await asyncio.to_thread(my_files.check, sha256)
    with pytest.raises(StoredElsewhereError, match="doesn't answer"):
        await asyncio.to_thread(lambda: next(my_files.read(sha256)))
    assert not await asyncio.to_thread(my_files.has, sha256)


async def test_the_beginning_of_a_log_is_not_all_of_it(tmp_path: Path, other: Answering) -> None:
    """It ended at a server that is away: what is here is no altered log, and isn't shown as if it were whole."""
    own = LocalLogStore(tmp_path / "one" / "logs")
    store = SharedLogStore(own, Asked(unreadable={PLACE: f"{PLACE}: its server doesn't run"}))
    await own.append([piece(0, b"begun ")])
    with pytest.raises(StoredElsewhereError, match="its server doesn't run"):
        await store.check(LOG, LogDigest(size_bytes=11, line_count=1, sha256=digest_of(b"begun there")))
    await store.check(LOG, None)
    own.close()
