"""A TCP proxy on loopback: the network between worker and server, which a case can break.

Bytes pass through unchanged until the network is told to cut, freeze, slow down or refuse. A cut resets both sides, in
the middle of whatever was being said; a freeze tells nobody, as when a cable is pulled.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Callable

_READ_BYTES = 1 << 16
_LOOPBACK = "127.0.0.1"
_LINGER_NOT_AT_ALL = struct.pack("ii", 1, 0)


class Connection:
    """One TCP connection from the worker, and its continuation to the server."""

    def __init__(self, worker: asyncio.StreamWriter, server: asyncio.StreamWriter, budget_bytes: int | None) -> None:
        self.server_sees = server.get_extra_info("sockname")[1]
        """The port by which the server knows it."""
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.budget_bytes = budget_bytes
        """Bytes of either direction that may still pass before it is cut."""
        self._ends = (worker, server)

    def reset(self) -> None:
        """Close both ends without a word."""
        for end in self._ends:
            with contextlib.suppress(OSError, AttributeError):
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT_AT_ALL)
            end.transport.abort()


class Proxy:
    """An address at which the worker reaches the server, through a network that can be broken."""

    def __init__(self, name: str, target_port: int, note: Callable[[str], None]) -> None:
        self.name = name
        self.port = 0
        self.accepted = 0
        """Connections so far, those refused in `up` with a reset included."""
        self.cuts = 0
        """Connections that were cut on purpose so far."""
        self.open: set[Connection] = set()
        self._target_port = target_port
        self._note = note
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._bytes_per_second: int | None = None
        self._freezes_fresh = False
        self._cuts_left = 0
        self._cut_within_bytes = 0
        self._random = random.Random(0)  # noqa: S311 - repeatable on purpose

    @property
    def address(self) -> str:
        """host:port for the worker."""
        return f"{_LOOPBACK}:{self.port}"

    async def up(self) -> None:
        """Listen, on the same port as before."""
        if self._listener is None:
            self._listener = await asyncio.start_server(self._accept, _LOOPBACK, self.port, limit=_READ_BYTES)
            self.port = self._listener.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Refuse connections, and cut those that are open."""
        if self._listener is not None:
            listener, self._listener = self._listener, None
            listener.close()
            self.cut()

    async def close(self) -> None:
        """Cut everything and leave no task behind."""
        await self.down()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Reset every open connection."""
        for connection in list(self.open):
            self._cut(connection)

    def cut_after(self, passed_bytes: int) -> None:
        """Reset each open connection when so many more bytes have passed through it."""
        for connection in self.open:
            connection.budget_bytes = passed_bytes

    def cut_at_random(self, times: int, within_bytes: int, seed: int) -> None:
        """Reset the open connection and those that follow, each after a random number of bytes, `times` in all."""
        self._random.seed(seed)
        self._cuts_left = times
        self._cut_within_bytes = within_bytes
        for connection in self.open:
            connection.budget_bytes = self._next_budget()

    def freeze(self, *, fresh_too: bool) -> None:
        """Let nothing more through the open connections (and through fresh ones), and tell nobody."""
        self._freezes_fresh = fresh_too
        for connection in self.open:
            connection.flowing.clear()

    def thaw(self) -> None:
        """Let bytes through again."""
        self._freezes_fresh = False
        for connection in self.open:
            connection.flowing.set()

    def slow_down(self, bytes_per_second: int | None) -> None:
        """Let only so many bytes through per second, in each direction of each connection."""
        self._bytes_per_second = bytes_per_second

    def _next_budget(self) -> int | None:
        return self._random.randrange(1, self._cut_within_bytes) if self._cuts_left > 0 else None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        try:
            server_reader, server_writer = await asyncio.open_connection(
                _LOOPBACK, self._target_port, limit=_READ_BYTES
            )
        except OSError:
            writer.transport.abort()
            return
        connection = Connection(writer, server_writer, self._next_budget())
        if self._listener is None:
            # The proxy was closed while this connection was being made.
            connection.reset()
            return
        if self._freezes_fresh:
            connection.flowing.clear()
        self.open.add(connection)
        self._note(f"connection {self.accepted} at proxy {self.name}")
        for source, sink in ((reader, server_writer), (server_reader, writer)):
            task = asyncio.create_task(self._pump(connection, source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, connection: Connection, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(_READ_BYTES):
                await connection.flowing.wait()
                if connection.budget_bytes is not None:
                    if connection.budget_bytes < len(data):
                        sink.write(data[: connection.budget_bytes])
                        await asyncio.sleep(0)
                        self._cut(connection)
                        return
                    connection.budget_bytes -= len(data)
                sink.write(data)
                await sink.drain()
                if self._bytes_per_second is not None:
                    await asyncio.sleep(len(data) / self._bytes_per_second)
        if connection in self.open:
            self.open.discard(connection)
            connection.reset()

    def _cut(self, connection: Connection) -> None:
        if connection in self.open:
            self.open.discard(connection)
            self.cuts += 1
            self._cuts_left -= 1
            connection.reset()
            self._note(f"cut {self.cuts} at proxy {self.name}")
