"""How long a server runs."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import AsyncExitStack

import pytest

from buildledger.composition.lifetime import Lifetime


async def _fails() -> None:
    raise RuntimeError("the disk is gone")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it(number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C end a server in good order."""
    lifetime = Lifetime()
    async with AsyncExitStack() as stack:
        lifetime.catch_signals(stack)
        os.kill(os.getpid(), number)
        async with asyncio.timeout(30):
            await lifetime.ended()


async def test_a_part_that_fails_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    """The failure of any part ends the server with that failure, and the log says which part it was."""
    lifetime = Lifetime()
    async with AsyncExitStack() as stack:
        lifetime.watch(_fails(), "pollers", stack)
        with pytest.raises(RuntimeError, match="the disk is gone"):
            async with asyncio.timeout(30):
                await lifetime.ended()
    assert "pollers failed; the server stops: the disk is gone" in caplog.text


async def test_parts_end_with_it() -> None:
    """A part that still works is cancelled and awaited before what it needs is closed."""
    order = []

    async def works() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            order.append("part")

    lifetime = Lifetime()
    async with asyncio.timeout(30), AsyncExitStack() as stack:
        stack.callback(lambda: order.append("store"))
        lifetime.watch(works(), "reactors", stack)
        await asyncio.sleep(0)
    assert order == ["part", "store"]


async def test_a_part_that_has_done_its_work_ends_nothing() -> None:
    """Only a failure ends the server, not a part that returns."""

    async def done() -> None:
        return

    lifetime = Lifetime()
    async with AsyncExitStack() as stack:
        lifetime.watch(done(), "one", stack)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await lifetime.ended()


def test_a_server_that_cannot_stop_ends_all_the_same() -> None:
    """It waits for a while for what doesn't answer, and says so; threads that hang hold nothing up."""
    program = (
        "import threading; from buildledger.composition.lifetime import end_within\n"
        "end_within(0.2)\n"
        "threading.Thread(target=threading.Event().wait).start()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "hasn't stopped in good order within 0.2 s and ends all the same" in done.stderr
