"""A network that can fail: passes TCP connections on to a server, until it is told to cut them or to fall silent."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

BLOCK_BYTES = 256 * 1024
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on a port of loopback; two threads for each connection, which is plenty for a few workers."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._flowing = threading.Event()
        self._flowing.set()
        self._refusing = False
        self.accepted: list[float] = []
        """When each connection was asked for, on the monotonic clock."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def freeze(self) -> float:
        """Pass nothing on and close nothing, as a machine that lost its power; returns when."""
        self._flowing.clear()
        return time.monotonic()

    def cut(self) -> None:
        """Reset all connections, and each one that is asked for until `restore`."""
        self._refusing = True
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for each in sockets:
            _reset(each)

    def restore(self) -> float:
        """Let connections through again; returns when."""
        self._refusing = False
        return time.monotonic()

    def stop(self) -> None:
        """End everything."""
        self._listener.close()
        self.cut()
        self._flowing.set()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # the listener was closed
            self.accepted.append(time.monotonic())
            if self._refusing:
                _reset(near)
                continue
            far = socket.create_connection(self._target)
            with self._lock:
                self._sockets |= {near, far}
            for source, sink in ((near, far), (far, near)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while block := source.recv(BLOCK_BYTES):
                self._flowing.wait()
                sink.sendall(block)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return  # one of the sides is gone, or the connection was cut


def _reset(connection: socket.socket) -> None:
    """Close it as a broken line does: without a word to the end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    with contextlib.suppress(OSError):  # it may be closed already
        # Wakes the thread that reads from it; the other end gets the reset from close.
        connection.shutdown(socket.SHUT_RD)
    connection.close()
