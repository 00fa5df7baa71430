"""A wire to PostgreSQL that can be cut: between a ledger and its server's socket."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path

BUFFER_BYTES = 1 << 16


class Wire:
    """Forwards TCP connections to a server's Unix socket, and does harm when asked to."""

    def __init__(self, directory: Path) -> None:
        self._target = str(directory / ".s.PGSQL.5432")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._swallow = threading.Event()
        self.swallowed = threading.Event()
        """An answer was held back and its connection cut."""
        self._refuse = False
        threading.Thread(target=self._accept, daemon=True).start()

    def swallow_next_answer(self) -> None:
        """Let the next request through and cut its connection instead of answering."""
        self.swallowed.clear()
        self._swallow.set()

    def cut(self, *, refuse: bool) -> None:
        """End all connections; refuse further ones until `restore`."""
        self._refuse = refuse
        for pair in self._pairs:
            _end(*pair)
        self._pairs.clear()

    def restore(self) -> None:
        """Take connections again."""
        self._refuse = False

    def close(self) -> None:
        """End everything."""
        self._listener.close()
        self.cut(refuse=True)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refuse:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            self._pairs.append((client, server))
            threading.Thread(target=self._forward, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._forward, args=(server, client, True), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        # an error means that the other direction has ended the pair
        with suppress(OSError):
            while data := source.recv(BUFFER_BYTES):
                if answers and self._swallow.is_set():
                    self._swallow.clear()
                    self.swallowed.set()
                    break
                target.sendall(data)
        _end(source, target)


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
