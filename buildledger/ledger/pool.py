"""A handful of database connections that threads borrow for one query each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, LifoQueue
from typing import Generic, Protocol, TypeVar

MAX_IDLE_CONNECTIONS = 8


class Closable(Protocol):
    """What a connection must be able to do."""

    def close(self) -> None:
        """Give it back to the database."""


C = TypeVar("C", bound=Closable)


class ConnectionPool(Generic[C]):
    """Opens a connection when none is idle; keeps it unless its use failed."""

    def __init__(self, connect: Callable[[], C]) -> None:
        self._connect = connect
        self._idle: LifoQueue[C] = LifoQueue(MAX_IDLE_CONNECTIONS)
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[C]:
        """Borrow one; after an exception it is thrown away, since nobody knows its state."""
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if self._closed or self._idle.full():
            connection.close()
        else:
            self._idle.put(connection)

    def discard(self) -> None:
        """Close what is idle, because it may be broken."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def close(self) -> None:
        """Close what is idle; what is borrowed closes when it comes back."""
        self._closed = True
        self.discard()
