"""Asks another server for what it has; see `Peer`."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

import httpx
import msgspec

from buildledger.logs.elsewhere import AwayError
from buildledger.logs.store import LINES_MAX_BYTES, LogDigest, LogLines, LogSize, Pattern, SearchPage
from buildledger.peers import wire
from buildledger.peers.identity import trust_only

TIMEOUT = httpx.Timeout(10.0, connect=2.0)
"""Between two signs of life, and for a connection."""
LIMITS = httpx.Limits(max_connections=32, max_keepalive_connections=8, keepalive_expiry=30.0)
AWAY_SECONDS = 1.0
"""So long a server that couldn't be reached isn't tried again: whoever asks meanwhile need not wait for it."""

Answer = TypeVar("Answer")


class HttpPeer:
    """Implements `Peer`. `logs` is used on one event loop, `files` on any thread. Call `close` at the end."""

    def __init__(self, place: str, address: str, certificate: str, token: str) -> None:
        """`address` is `host:port`; whoever answers there without the certificate is told nothing."""
        self.place = place
        self._line = _Line(place, address)
        trust = trust_only(certificate)
        headers = {"Authorization": f"Bearer {token}"}
        url = f"https://{address}"
        self._async = httpx.AsyncClient(
            base_url=url, headers=headers, verify=trust, timeout=TIMEOUT, limits=LIMITS, trust_env=False
        )
        self._blocking = httpx.Client(
            base_url=url, headers=headers, verify=trust, timeout=TIMEOUT, limits=LIMITS, trust_env=False
        )
        self.logs = _PeerLogs(self._async, self._line)
        self.files = _PeerFiles(self._blocking, self._line)

    async def close(self) -> None:
        """End all connections."""
        await self._async.aclose()
        await asyncio.to_thread(self._blocking.close)


class _Line:
    """Whether the other server answers."""

    def __init__(self, place: str, address: str) -> None:
        self._place = place
        self._address = address
        self._away: tuple[float, str] | None = None

    @contextmanager
    def used(self) -> Iterator[None]:
        """Ask in this context.

        Raises:
            AwayError: The other server doesn't answer, or hasn't done so a moment ago.
        """
        if self._away is not None and time.monotonic() < self._away[0]:
            raise AwayError(self._away[1])
        try:
            yield
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            reason = f"{self._place}: {self._address} doesn't answer: {_cause(error)}"
            self._away = time.monotonic() + AWAY_SECONDS, reason
            raise AwayError(reason) from None
        self._away = None

    def accept(self, answer: httpx.Response, body: bytes = b"") -> None:
        """Go on with an answer that isn't a failure.

        Raises:
            AwayError: It isn't for this server.
            Exception: The store that was asked raised it.
        """
        if answer.is_success:
            return
        if answer.status_code == wire.FAILURE_STATUS:
            failure = msgspec.msgpack.decode(body, type=wire.Failure)
            raise wire.error_of(failure) or AwayError(f"{self._place}: {failure.detail}")
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise AwayError(f"{self._place}: {self._address} belongs to another installation")
        raise AwayError(f"{self._place}: {self._address} answers {answer.status_code}")


class _PeerLogs:
    """See `LogReading`."""

    def __init__(self, client: httpx.AsyncClient, line: _Line) -> None:
        self._client = client
        self._line = line

    async def size(self, log_id: UUID) -> LogSize:
        """See `LogStore.size`."""
        return await self._ask(LogSize, "GET", f"/logs/{log_id}/size")

    async def check(self, log_id: UUID, said: LogDigest | None) -> None:
        """See `LogStore.check`; it is done where the log is, and each part that is read later is compared there."""
        question = msgspec.msgpack.encode(wire.CheckLog(said=said))
        _judge(await self._ask(wire.Checked, "POST", f"/logs/{log_id}/check", content=question))

    async def lines(self, log_id: UUID, first: int, last: int, max_bytes: int = LINES_MAX_BYTES) -> LogLines:
        """See `LogStore.lines`."""
        which = {"first": max(first, 0), "last": max(last, 0), "max_bytes": max_bytes}
        return await self._ask(LogLines, "GET", f"/logs/{log_id}/lines", params=which)

    async def raw(self, log_id: UUID, from_byte: int = 0, to_byte: int | None = None) -> AsyncGenerator[bytes]:
        """See `LogStore.raw`."""
        which = {"from": max(from_byte, 0)} | ({} if to_byte is None else {"to": to_byte})
        with self._line.used():
            async with self._client.stream("GET", f"/logs/{log_id}/raw", params=which) as answer:
                self._line.accept(answer, b"" if answer.is_success else await answer.aread())
                async for piece in answer.aiter_bytes():
                    yield piece

    async def search(self, log_id: UUID, pattern: Pattern, limit: int = 100, from_line: int = 0) -> SearchPage:
        """See `LogStore.search`."""
        question = msgspec.msgpack.encode(wire.SearchLog(pattern=pattern, limit=limit, from_line=from_line))
        return await self._ask(SearchPage, "POST", f"/logs/{log_id}/search", content=question)

    async def _ask(self, kind: type[Answer], method: str, path: str, **question: Any) -> Answer:
        with self._line.used():
            answer = await self._client.request(method, path, **question)
            self._line.accept(answer, answer.content)
            return wire.decoded(answer.content, kind)


class _PeerFiles:
    """See `FileReading`."""

    def __init__(self, client: httpx.Client, line: _Line) -> None:
        self._client = client
        self._line = line

    def has(self, sha256: str) -> bool:
        """See `ArtifactStore.has`."""
        with contextlib.suppress(FileNotFoundError):
            self.size_bytes(sha256)
            return True
        return False

    def size_bytes(self, sha256: str) -> int:
        """See `ArtifactStore.size_bytes`."""
        return self._ask(int, "GET", f"/files/{sha256}/size")

    def check(self, sha256: str) -> None:
        """See `ArtifactStore.check`; it is done where the file is."""
        _judge(self._ask(wire.Checked, "POST", f"/files/{sha256}/check"))

    def read(self, sha256: str, offset: int = 0) -> Generator[bytes]:
        """See `ArtifactStore.read`."""
        with (
            self._line.used(),
            self._client.stream("GET", f"/files/{sha256}/bytes", params={"offset": offset}) as answer,
        ):
            self._line.accept(answer, b"" if answer.is_success else answer.read())
            yield from answer.iter_bytes()

    def _ask(self, kind: type[Answer], method: str, path: str) -> Answer:
        with self._line.used():
            answer = self._client.request(method, path)
            self._line.accept(answer, answer.content)
            return wire.decoded(answer.content, kind)


def _judge(checked: wire.Checked) -> None:
    """Raise what the store raised that was asked to check."""
    if checked.failure is not None:
        raise wire.error_of(checked.failure) or AwayError(checked.failure.detail)


def _cause(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
