"""Processes that the server itself starts: bounded in time and output, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

OUTPUT_BYTES = 256 << 20
"""Of standard output that is kept; a process that writes more is killed."""
ERROR_BYTES = 64 << 10
"""Of standard error, the last; what came before, such as progress, is thrown away."""
CHUNK_BYTES = 64 << 10
END_SECONDS = 10.0
"""How long a killed process may take to be gone; then it is left to the system."""

Consume = Callable[[bytes], Awaitable[None]]


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """How a process ended by itself."""

    exit_code: int
    output: bytes
    """Empty when it was consumed on the way."""
    error: str


class CannotStartError(Exception):
    """There is no such program, or it may not be run."""


class TookTooLongError(Exception):
    """A process was killed because its time was over, or because it said nothing for too long."""


class WroteTooMuchError(Exception):
    """A process was killed because of the amount it wrote."""


async def run(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    limit_seconds: float,
    silent_seconds: float | None = None,
    stdin: bytes = b"",
    consume: Consume | None = None,
) -> Completed:
    """Run a process to its end; if that isn't waited for, it is killed with everything it has started.

    `consume` gets standard output as it comes; while it is at work, the process has to wait. A process that writes
    nothing at all for `silent_seconds` is killed.

    Raises:
        CannotStartError, TookTooLongError, WroteTooMuchError: And whatever `consume` raises.
    """
    process = await _start(argv, environment)
    kept: list[bytes] = []
    patience = _Patience(limit_seconds, silent_seconds)
    try:
        async with patience.timeout:
            said = await _converse(process, stdin, consume or _keeping(kept), patience)
            exit_code = await process.wait()
    except BaseException as cause:
        await _kill(process)
        if isinstance(cause, TimeoutError):
            raise TookTooLongError(f"{argv[0]} {patience.exhausted()}") from cause
        raise
    return Completed(exit_code=exit_code, output=b"".join(kept), error=said.decode("utf-8", "backslashreplace"))


async def _start(argv: Sequence[str], environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(environment),
            start_new_session=True,
        )
    )
    try:
        # asyncio, cancelled while it starts a process, waits until all that has its pipes is gone, which may be never
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with contextlib.suppress(OSError):
            await _kill(await starting)
        raise
    except OSError as error:
        raise CannotStartError(f"{argv[0]} can't be started: {error.strerror}") from error


class _Patience:
    """Ends a wait when it has been too long altogether, or when nothing has come for too long."""

    def __init__(self, limit_seconds: float, silent_seconds: float | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._limit_seconds, self._silent_seconds = limit_seconds, silent_seconds
        self._end = self._loop.time() + limit_seconds
        self.timeout = asyncio.timeout_at(self._next())

    def progress(self) -> None:
        """Something has come."""
        if self._silent_seconds is not None:
            self.timeout.reschedule(self._next())

    def pause(self) -> None:
        """What comes next doesn't depend on the process."""
        self.timeout.reschedule(self._end)

    def exhausted(self) -> str:
        """Why the wait has ended, for people."""
        if self._loop.time() >= self._end:
            return f"did not finish in {self._limit_seconds:g} s"
        return f"showed no progress for {self._silent_seconds:g} s"

    def _next(self) -> float:
        return self._end if self._silent_seconds is None else min(self._end, self._loop.time() + self._silent_seconds)


async def _converse(process: asyncio.subprocess.Process, stdin: bytes, consume: Consume, patience: _Patience) -> bytes:
    """Write all input and read all output; give the errors. No pipe is in use any more when this raises."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None

    async def consume_in_peace(data: bytes) -> None:
        patience.pause()
        await consume(data)
        patience.progress()

    errors = asyncio.create_task(_read_end(process.stderr, patience))
    others = [
        asyncio.create_task(_write(process.stdin, stdin)),
        asyncio.create_task(_read(process.stdout, consume_in_peace)),
    ]
    try:
        await asyncio.gather(*others)
        return await errors
    except BaseException:
        for task in (errors, *others):
            task.cancel()
        await asyncio.gather(errors, *others, return_exceptions=True)
        raise


def _keeping(kept: list[bytes]) -> Consume:
    size = 0

    async def keep(data: bytes) -> None:
        nonlocal size
        size += len(data)
        if size > OUTPUT_BYTES:
            raise WroteTooMuchError(f"more than {OUTPUT_BYTES} bytes of output")
        kept.append(data)

    return keep


async def _write(pipe: asyncio.StreamWriter, data: bytes) -> None:
    # a process that doesn't want its input closes the pipe; asyncio and uvloop say so in different ways
    with contextlib.suppress(BrokenPipeError, ConnectionResetError, RuntimeError):
        if data:
            pipe.write(data)
            await pipe.drain()
        pipe.close()


async def _read(pipe: asyncio.StreamReader, consume: Consume) -> None:
    while data := await pipe.read(CHUNK_BYTES):
        await consume(data)


async def _read_end(pipe: asyncio.StreamReader, patience: _Patience) -> bytes:
    kept = bytearray()
    while data := await pipe.read(CHUNK_BYTES):
        patience.progress()
        kept += data
        del kept[:-ERROR_BYTES]
    return bytes(kept)


async def _kill(process: asyncio.subprocess.Process) -> None:
    """Kill the whole group and see it gone. Its pipes are read to their ends: asyncio waits for them too."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    assert process.stdout is not None
    assert process.stderr is not None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(END_SECONDS):
            await asyncio.gather(_read(process.stdout, _ignore), _read(process.stderr, _ignore), process.wait())


async def _ignore(data: bytes) -> None:
    """Throw it away."""
