"""A git host that takes connections over HTTP and keeps silent until it is told to refuse."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class SilentHost:
    """Listens on this machine while its context lasts."""

    def __init__(self) -> None:
        self.open: set[asyncio.StreamWriter] = set()
        """Connections with a request that wasn't answered."""
        self.url = ""
        self._refusing = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.refuse_all()
        self._server.close()

    def refuse_all(self) -> None:
        """Answer "not found" to everybody who waits, and from now on at once."""
        self._refusing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.open.add(writer)
        await self._refusing.wait()
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        self.open.discard(writer)
        writer.close()
