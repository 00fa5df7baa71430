"""The time, real and moved by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta

from buildledger.clock import SystemClock
from buildledger.testing.clock import VirtualClock


async def test_the_systems_time_is_aware_and_goes_on() -> None:
    """UTC, and a sleep until a time that is over returns at once."""
    clock = SystemClock()
    before, tick = clock.now(), clock.monotonic()
    assert before.tzinfo is UTC
    await clock.sleep_until(before - timedelta(days=1))
    await clock.sleep_until(before + timedelta(milliseconds=2))
    assert clock.now() >= before + timedelta(milliseconds=2)
    assert clock.monotonic() > tick


async def test_a_virtual_time_moves_only_by_hand_and_wakes_in_order() -> None:
    """Sleepers wake when their time has come, the earliest first; time never goes back."""
    clock = VirtualClock()
    woken: list[int] = []

    async def sleep(seconds: int) -> None:
        await clock.sleep_until(clock.now() + timedelta(seconds=seconds))
        woken.append(seconds)

    tasks = [asyncio.create_task(sleep(seconds)) for seconds in (3, 1, 2)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    clock.advance(2)
    await tasks[2]
    assert woken == [2]
    clock.advance(1)
    await tasks[0]
    assert woken == [2, 3]
    reached = clock.now()
    clock.advance_to(reached - timedelta(days=1))
    assert clock.now() == reached
    assert clock.monotonic() == 3
