"""A TCP proxy on loopback that cuts, freezes and refuses connections.

Bytes pass through unchanged. `cut_after` counts bytes of either direction; when they have passed, both sides of the
connection are reset, in the middle of whatever was being said.
"""

import asyncio
import contextlib
import socket
import struct

_READ_BYTES = 1 << 14


class CuttingProxy:
    """Stands between a client and `target_port`."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.port = 0
        self.connections = 0
        """Connections that were accepted so far."""
        self.cuts = 0
        """Connections that were cut so far."""
        self.refusing = False
        """Whether fresh connections are cut at once."""
        self._remaining: int | None = None
        self._frozen: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._open: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut everything and stop listening."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def address(self) -> str:
        """Where the client connects to."""
        return f"127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Reset every connection at once."""
        for pair in list(self._open):
            self._cut(pair)

    def cut_after(self, passed_bytes: int) -> None:
        """Reset the connection through which the given number of bytes has passed from here on."""
        self._remaining = passed_bytes

    def freeze(self) -> None:
        """Let nothing more through the connections there are, and tell nobody: a cable that was pulled."""
        self._frozen.update(writer for pair in self._open for writer in pair)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self.refusing:
                raise ConnectionRefusedError
            to_target = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            _reset(writer)
            return
        pair = (writer, to_target[1])
        self._open.add(pair)
        for source, sink in ((reader, to_target[1]), (to_target[0], writer)):
            task = asyncio.create_task(self._pump(source, sink, pair))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(_READ_BYTES):
                if sink in self._frozen:
                    continue
                if self._remaining is not None and self._remaining < len(data):
                    sink.write(data[: self._remaining])
                    await sink.drain()
                    self._remaining = None
                    break
                if self._remaining is not None:
                    self._remaining -= len(data)
                sink.write(data)
                await sink.drain()
        self._cut(pair)

    def _cut(self, pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        if pair in self._open:
            self._open.discard(pair)
            self.cuts += 1
            for writer in pair:
                _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset instead of an orderly end."""
    with contextlib.suppress(OSError, AttributeError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport = writer.transport
    transport.abort()
