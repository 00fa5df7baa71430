"""Processes of the server's own: bounded, and never left behind."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import psutil
import pytest

from buildledger import child_processes
from buildledger.child_processes import CannotStartError, TookTooLongError, WroteTooMuchError, run

ENVIRONMENT = {"PATH": os.environ["PATH"]}


async def test_output_error_and_exit_code() -> None:
    """Everything about a process that ends by itself."""
    done = await run(
        ("sh", "-c", "cat; echo no >&2; exit 3"), environment=ENVIRONMENT, limit_seconds=20, stdin=b"x" * 500_000
    )
    assert (done.exit_code, len(done.output), done.error) == (3, 500_000, "no\n")


async def test_a_process_that_does_not_read_its_input() -> None:
    """Input that nobody wants is no error."""
    done = await run(("true",), environment=ENVIRONMENT, limit_seconds=20, stdin=b"x" * 5_000_000)
    assert done.exit_code == 0


async def test_errors_without_end_are_cut() -> None:
    """A program that complains for ever fills no memory."""
    done = await run(("sh", "-c", "yes | head -c 300000 >&2"), environment=ENVIRONMENT, limit_seconds=20)
    assert len(done.error) == child_processes.ERROR_BYTES


async def test_a_missing_program() -> None:
    """It is told apart from everything else that may go wrong."""
    with pytest.raises(CannotStartError, match="no-such-program"):
        await run(("no-such-program",), environment=ENVIRONMENT, limit_seconds=20)


async def test_too_long(tmp_path: Path) -> None:
    """When its time is over a process dies with everything it has started."""
    script = f"sleep 1000 & echo $! > {tmp_path}/child; sleep 1000"
    with pytest.raises(TookTooLongError):
        await run(("sh", "-c", script), environment=ENVIRONMENT, limit_seconds=0.5)
    await gone(int((tmp_path / "child").read_text()))


async def test_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output beyond the limit ends it."""
    monkeypatch.setattr(child_processes, "OUTPUT_BYTES", 100_000)
    with pytest.raises(WroteTooMuchError):
        await run(("yes",), environment=ENVIRONMENT, limit_seconds=20)


async def test_cancelled(tmp_path: Path) -> None:
    """Whoever waits may stop waiting; the process is killed."""
    task = asyncio.create_task(
        run(("sh", "-c", f"echo $$ > {tmp_path}/pid; sleep 1000"), environment=ENVIRONMENT, limit_seconds=1000)
    )
    async with asyncio.timeout(20):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():  # noqa: ASYNC110 - other processes and tasks set no event
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gone(int((tmp_path / "pid").read_text()))


async def test_what_the_consumer_raises() -> None:
    """An error on our side ends the process and stays the error it is."""

    async def consume(data: bytes) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await run(("yes",), environment=ENVIRONMENT, limit_seconds=20, consume=consume)


async def gone(pid: int) -> None:
    async with asyncio.timeout(20):
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110 - other processes and tasks set no event
            await asyncio.sleep(0.01)


async def test_silence_ends_it_and_progress_does_not() -> None:
    """A process that goes on saying something has all its time; one that says nothing is killed soon."""
    talks = "for i in 1 2 3 4 5 6 7 8; do echo $i >&2; sleep 0.1; done; echo done"
    done = await run(("sh", "-c", talks), environment=ENVIRONMENT, limit_seconds=20, silent_seconds=0.6)
    assert done.output == b"done\n"
    with pytest.raises(TookTooLongError, match=r"sh showed no progress for 0\.3 s"):
        await run(("sh", "-c", "echo >&2; sleep 1000"), environment=ENVIRONMENT, limit_seconds=20, silent_seconds=0.3)


async def test_a_slow_consumer_is_no_silence() -> None:
    """Time that the ledger takes isn't the host's."""

    async def consume(data: bytes) -> None:
        await asyncio.sleep(0.5)

    script = "echo 1; sleep 0.1; echo 2"
    done = await run(
        ("sh", "-c", script), environment=ENVIRONMENT, limit_seconds=20, silent_seconds=0.3, consume=consume
    )
    assert done.exit_code == 0


async def test_the_last_errors_are_kept() -> None:
    """What ends a process stands at the end, behind any amount of progress."""
    script = "yes | head -c 300000 >&2; echo fatal: so >&2"
    done = await run(("sh", "-c", script), environment=ENVIRONMENT, limit_seconds=20)
    assert done.error.endswith("fatal: so\n")
