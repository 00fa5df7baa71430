"""One WebSocket to a Buildbot worker: requests in both directions, each answered once."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

KEEPALIVE_SECONDS = 10.0
SILENT_SECONDS = 25.0
"""After this time without a message, although two keepalives were sent, the machine is taken for gone."""
LONGEST_MESSAGE_BYTES = 64 << 20
"""A line of output goes over in one message, however long it is."""

_log = logging.getLogger(__name__)


class ConnectionLostError(Exception):
    """The worker is gone: nothing more can be asked of it or learned from it."""


class RefusedError(Exception):
    """The worker answered a request with an error."""


class Listener(Protocol):
    """Receives the worker's reports about one command."""

    def updated(self, key: str, value: Any) -> None:
        """Something was written, found or measured."""

    def write(self, data: bytes) -> None:
        """The worker uploads; these bytes come next."""

    def read(self, length: int) -> bytes:
        """The worker downloads; it wants at most so many bytes, and takes none for the end."""

    def completed(self, failure: str | None) -> None:
        """Nothing more comes."""

    def lost(self) -> None:
        """The connection broke."""


class Connection:
    """Matches answers to requests and sends keepalives; `run` reads to the end, the rest may be used meanwhile."""

    def __init__(self, socket: ServerConnection) -> None:
        self.closed = asyncio.Event()
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._listeners: dict[str, Listener] = {}
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._heard_at = self._loop.time()
        self._room = asyncio.Event()
        self._room.set()
        self._why = ""

    async def run(self) -> str:
        """Hold the connection until it ends; returns why, for people."""
        tasks = [asyncio.create_task(each) for each in (self._receive(), self._send(), self._keep_alive())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        except ConnectionClosed as error:
            return self._why or str(error)
        except msgspec.DecodeError as error:
            return f"it sent what isn't MessagePack: {error}"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._end()

    async def request(self, operation: str, **fields: Any) -> Any:
        """Ask for something and wait for the answer.

        Raises:
            ConnectionLostError: there will be none.
            RefusedError: it is an error.
        """
        if self.closed.is_set():
            raise ConnectionLostError
        self._sequence += 1
        number = self._sequence
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._waiting[number] = answer
        self._post({"op": operation, "seq_number": number, **fields})
        try:
            return await answer
        finally:
            self._waiting.pop(number, None)

    def listen(self, command_id: str, listener: Listener) -> None:
        """Send reports about a command to `listener`."""
        self._listeners[command_id] = listener

    def forget(self, command_id: str) -> None:
        """Discard further reports about a command."""
        self._listeners.pop(command_id, None)

    @property
    def is_paused(self) -> bool:
        """Whether reading is paused by `pause`."""
        return not self._room.is_set()

    def pause(self) -> None:
        """Read nothing until `resume`, because the spool is full."""
        self._room.clear()

    def resume(self) -> None:
        """Read again."""
        self._heard_at = self._loop.time()
        self._room.set()

    async def close(self, reason: str) -> None:
        """End the connection; the reason goes into the worker's log."""
        await self._socket.close(1001, reason)

    def _post(self, message: dict[str, Any]) -> None:
        self._outgoing.put_nowait(msgspec.msgpack.encode(message))

    async def _send(self) -> str:
        while True:
            await self._socket.send(await self._outgoing.get())

    async def _receive(self) -> str:
        async for payload in self._socket:
            self._heard_at = self._loop.time()
            message = msgspec.msgpack.decode(payload if isinstance(payload, bytes) else payload.encode())
            if not isinstance(message, dict) or not isinstance(message.get("seq_number"), int):
                return "it sent a message without a number"
            if message.get("op") == "response":
                self._answered(message)
            else:
                try:
                    self._post(self._answer(message))
                except (TypeError, ValueError, KeyError) as error:
                    # To go on could mean to lose output without a word.
                    return f"it sent {message.get('op')!r} in a form that the bridge doesn't know: {error}"
            await self._room.wait()
        return "it closed the connection"

    async def _keep_alive(self) -> str:
        while True:
            await asyncio.sleep(KEEPALIVE_SECONDS)
            if not self._room.is_set():
                continue
            silent = self._loop.time() - self._heard_at
            if silent > SILENT_SECONDS:
                self._why = f"it has been silent for {silent:.0f} s"
                self._socket.transport.abort()
                return self._why
            self._sequence += 1
            self._post({"op": "keepalive", "seq_number": self._sequence})

    def _answered(self, message: dict[str, Any]) -> None:
        answer = self._waiting.get(message["seq_number"])
        if answer is None or answer.done():
            return
        if message.get("is_exception"):
            answer.set_exception(RefusedError(str(message.get("result"))))
        else:
            answer.set_result(message.get("result"))

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Do what the worker asks and return the answer."""
        answer: dict[str, Any] = {"op": "response", "seq_number": message["seq_number"], "result": None}
        listener = self._listeners.get(str(message.get("command_id")))
        try:
            # One that nobody listens to was given up: the worker wants an answer all the same.
            if listener is not None:
                answer["result"] = _serve(listener, message)
        except OSError as error:
            _log.error("a file can't be passed on: %s", error)
            answer |= {"result": str(error), "is_exception": True}
        return answer

    def _end(self) -> None:
        self.closed.set()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionLostError())
        for listener in list(self._listeners.values()):
            listener.lost()
        self._listeners.clear()


def _serve(listener: Listener, message: dict[str, Any]) -> bytes | None:
    """Pass one request of the worker to its listener; returns the result."""
    operations: dict[str, Callable[[], bytes | None]] = {
        "update": lambda: _updates(listener, message["args"]),
        "update_upload_file_write": lambda: listener.write(message["args"]),
        "update_read_file": lambda: listener.read(message["length"]),
        "complete": lambda: listener.completed(message.get("args")),
        "update_upload_file_close": lambda: None,
        "update_upload_file_utime": lambda: None,
        "update_read_file_close": lambda: None,
    }
    operation = operations.get(str(message.get("op")))
    if operation is None:
        raise ValueError(f"there is no {message.get('op')!r}")
    return operation()


def _updates(listener: Listener, updates: list[tuple[str, Any]]) -> None:
    for key, value in updates:
        listener.updated(key, value)
