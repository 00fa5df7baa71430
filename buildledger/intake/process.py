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
"""Of standard error; the rest is thrown away."""
CHUNK_BYTES = 64 << 10

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
    """A process was killed because its time was over."""


class WroteTooMuchError(Exception):
    """A process was killed because of the amount it wrote."""


async def run(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    limit_seconds: float,
    stdin: bytes = b"",
    consume: Consume | None = None,
) -> Completed:
    """Run a process to its end; if that isn't waited for, it is killed with everything it has started.

    `consume` gets standard output as it comes; while it is at work, the process has to wait.
    Raises: CannotStartError, TookTooLongError, WroteTooMuchError, and whatever `consume` raises.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(environment),
            start_new_session=True,
        )
    except OSError as error:
        raise CannotStartError(f"{argv[0]} can't be started: {error.strerror}") from error
    kept: list[bytes] = []
    try:
        async with asyncio.timeout(limit_seconds):
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            _, _, said = await asyncio.gather(
                _write(process.stdin, stdin),
                _read(process.stdout, consume or _keeping(kept)),
                _read_beginning(process.stderr),
            )
            exit_code = await process.wait()
    except BaseException as cause:
        await _kill(process)
        if isinstance(cause, TimeoutError):
            raise TookTooLongError(f"{argv[0]} did not finish in {limit_seconds:g} s") from cause
        raise
    return Completed(exit_code=exit_code, output=b"".join(kept), error=said.decode("utf-8", "backslashreplace"))


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
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        pipe.write(data)
        await pipe.drain()
    pipe.close()


async def _read(pipe: asyncio.StreamReader, consume: Consume) -> None:
    while data := await pipe.read(CHUNK_BYTES):
        await consume(data)


async def _read_beginning(pipe: asyncio.StreamReader) -> bytes:
    kept = bytearray()
    while data := await pipe.read(CHUNK_BYTES):
        kept += data[: ERROR_BYTES - len(kept)]
    return bytes(kept)


async def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    await asyncio.shield(process.wait())
