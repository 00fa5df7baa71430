"""Logs and artifacts of several servers: read wherever they are, whole where they end, and never empty by mistake."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from buildledger.logs.artifacts_local import LocalArtifactStore
from buildledger.logs.artifacts_shared import SharedArtifactStore
from buildledger.logs.elsewhere import Peer, StoredElsewhereError
from buildledger.logs.local import LocalLogStore
from buildledger.logs.shared import SharedLogStore
from buildledger.logs.store import LogBytes, LogDigest, LogHoleError, LogMissingError

LOG = UUID(int=5)
AWAY = {"ci-2 (/var/lib)": "ci-2 (/var/lib): its server doesn't run"}


class Others:
    """Set by hand."""

    def __init__(self, *readable: Path, unreadable: Mapping[str, str] | None = None) -> None:
        self._readable = readable
        self._unreadable = unreadable or {}

    def readable(self) -> Sequence[Path]:
        """As given."""
        return self._readable

    def peers(self) -> Sequence[Peer]:
        """None."""
        return ()

    def unreadable(self) -> Mapping[str, str]:
        """As given."""
        return self._unreadable


class Servers:
    """Two servers, each with a store that it writes."""

    def __init__(self, directory: Path) -> None:
        self.own = [LocalLogStore(directory / name / "logs") for name in ("one", "two")]
        self.one = SharedLogStore(self.own[0], Others(directory / "two"))
        self.two = SharedLogStore(self.own[1], Others(directory / "one"))

    def close(self) -> None:
        """Stop all threads."""
        self.one.close()
        self.two.close()
        for each in self.own:
            each.close()


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    both = Servers(tmp_path)
    yield both
    both.close()


def entry(offset: int, data: bytes) -> LogBytes:
    """A piece of the log."""
    return LogBytes(log_id=LOG, offset=offset, data=data)


async def read(store: SharedLogStore) -> bytes:
    """All there is."""
    return b"".join([piece async for piece in store.raw(LOG)])


async def test_a_log_of_another_server_is_read(servers: Servers) -> None:
    """While it grows and when it has ended: bytes, lines, hits and size are those that the other has."""
    await servers.one.append([entry(0, b"one\ntwo\n")])
    assert await read(servers.two) == b"one\ntwo\n"
    assert not (await servers.two.size(LOG)).finished
    (digest,) = await servers.one.append([entry(8, b"three\n")], [LOG])
    await servers.two.check(LOG, digest)
    assert await read(servers.two) == b"one\ntwo\nthree\n"
    assert list((await servers.two.lines(LOG, 1, 3)).lines) == [b"two", b"three"]
    assert [size.finished async for size in servers.two.follow(LOG)] == [True]


async def test_a_log_goes_on_at_another_server(servers: Servers) -> None:
    """Its worker came over: the beginning is fetched, the log is whole where it ends, and each server reads it."""
    await servers.one.append([entry(0, b"begun here\n")])
    (digest,) = await servers.two.append([entry(11, b"ended there\n")], [LOG])
    text = b"begun here\nended there\n"
    assert digest == LogDigest(size_bytes=23, line_count=2, sha256=hashlib.sha256(text).hexdigest())
    for each in (servers.one, servers.two):
        await each.check(LOG, digest)
        assert await read(each) == text


async def test_a_log_that_is_ended_elsewhere_is_whole(servers: Servers) -> None:
    """A server that ends a log without having got any of it has what the other had."""
    await servers.one.append([entry(0, b"begun here\n")])
    (digest,) = await servers.two.append((), [LOG])
    assert digest.size_bytes == 11


async def test_a_hole_stays_one(servers: Servers) -> None:
    """What neither server has can't be fetched."""
    await servers.one.append([entry(0, b"begun here\n")])
    with pytest.raises(LogHoleError):
        await servers.two.append([entry(12, b"beyond\n")])


async def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    """A log or an artifact that another server may have is neither empty nor gone; without one it is missing."""
    own = LocalLogStore(tmp_path / "one" / "logs")
    for others, error in (
        (Others(unreadable=AWAY), StoredElsewhereError),
        (Others(), LogMissingError),
    ):
        store = SharedLogStore(own, others)
        with pytest.raises(error):
            await store.check(LOG, None)
        store.close()
    artifacts = SharedArtifactStore(tmp_path / "one" / "artifacts", None, Others(unreadable=AWAY))
    with pytest.raises(StoredElsewhereError, match=r"may be: ci-2 \(/var/lib\): its server doesn't run"):
        artifacts.check("0" * 64)
    own.close()


def test_an_artifact_of_another_server_is_read(tmp_path: Path) -> None:
    """It is there, with its bytes; removing it here leaves the other's."""
    one = LocalArtifactStore(tmp_path / "one" / "artifacts")
    two = LocalArtifactStore(tmp_path / "two" / "artifacts", others=Others(tmp_path / "one"))
    sha256 = one.put(b"a file")
    two.check(sha256)
    assert (two.has(sha256), two.size_bytes(sha256), b"".join(two.read(sha256))) == (True, 6, b"a file")
    assert two.remove(sha256, stored_before=float("inf")) == 0
    assert one.has(sha256)
