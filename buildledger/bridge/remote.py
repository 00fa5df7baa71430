"""A command of Buildbot's protocol, as the bridge sees it."""

import asyncio
import re
from typing import Any, BinaryIO, Protocol

from buildledger.bridge.connection import Connection, ConnectionLostError, RefusedError
from buildledger.bridge.lines import Lines

MOST_TEXT_CHARACTERS = 64 << 10
"""Of what an auxiliary command writes."""

_KILLED = re.compile(r"process killed by signal (\d+)")


class Sink(Protocol):
    """Receives uploaded bytes."""

    def write(self, data: bytes, /) -> object:
        """These bytes come next."""


class RemoteCommand:
    """One command while it runs, and its result afterwards; subclasses process its output."""

    def __init__(self, connection: Connection, command_id: str) -> None:
        self.id = command_id
        self.rc: int | None = None
        """Exit code, errno, or -1 for a signal; None if the worker didn't say."""
        self.signal: int | None = None
        self.failure = ""
        """Why the worker couldn't do it at all."""
        self.found: dict[str, Any] = {}
        """Other things it reported: `stat`, `files`."""
        self.errors = ""
        """The beginning of its standard error, unless `wrote` does something else with it."""
        self.source: BinaryIO | None = None
        """What a download reads from."""
        self.sink: Sink | None = None
        """What an upload writes to."""
        self._connection = connection
        self._lines: dict[str, Lines] = {}
        self._header = ""
        self._ended = asyncio.Event()
        self._lost = False

    async def run(self, name: str, arguments: dict[str, Any]) -> None:
        """Start it and wait for its end.

        Raises:
            ConnectionLostError: what became of it can't be learned.
        """
        self._connection.listen(self.id, self)
        try:
            await self._connection.request("start_command", command_id=self.id, command_name=name, args=arguments)
            await self._ended.wait()
            if self._lost:
                raise ConnectionLostError
        except RefusedError as error:
            self.failure = str(error)
        finally:
            self._connection.forget(self.id)

    async def interrupt(self, why: str) -> None:
        """Have its process group killed.

        Raises:
            ConnectionLostError: nobody can be asked to.
        """
        try:
            await self._connection.request("interrupt_command", command_id=self.id, why=why)
        except RefusedError:
            # It was just ending by itself.
            return

    def wrote(self, channel: str, text: str) -> None:
        """Text of `stdout`, `stderr` or a watched file has come."""
        if channel == "stderr":
            self.errors = (self.errors + text)[:MOST_TEXT_CHARACTERS]

    def updated(self, key: str, value: Any) -> None:
        """As the Listener says."""
        match key:
            case "stdout" | "stderr":
                self.wrote(key, self._text(key, value))
            case "log":
                name, lines = value
                self.wrote(name, self._text(f"log {name}", lines))
            case "header":
                self._header = self._text(key, value)
                if killed := _KILLED.search(self._header):
                    self.signal = int(killed[1])
            case "rc":
                self.rc = value
            case _:
                self.found[key] = value

    def write(self, data: bytes) -> None:
        """As the Listener says."""
        if self.sink is None:
            raise ValueError("nobody asked for an upload")
        self.sink.write(data)

    def read(self, length: int) -> bytes:
        """As the Listener says."""
        if self.source is None:
            raise ValueError("nobody asked for a download")
        return self.source.read(length)

    def completed(self, failure: str | None) -> None:
        """As the Listener says."""
        self.failure = failure or ""
        self._ended.set()

    def lost(self) -> None:
        """As the Listener says."""
        self._lost = not self._ended.is_set()
        self._ended.set()

    @property
    def ok(self) -> bool:
        """Whether it succeeded; a Buildbot worker that fails half-way still reports 0."""
        return self.rc == 0 and not self.failure

    @property
    def complaint(self) -> str:
        """Why it failed, as reported by the worker or written by the command."""
        return (self.failure or self.errors or self._header).strip() or f"it ended with {self.rc}"

    def _text(self, stream: str, lines: tuple[str, list[int], list[float]]) -> str:
        return self._lines.setdefault(stream, Lines()).feed(*lines)
