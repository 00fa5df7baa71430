"""The tool that cancels a coroutine wherever it waits, cancels it wherever it waits."""

import asyncio

import pytest

from buildledger.testing.cancellation import Moment, interruptions


async def test_each_suspension_is_cancelled_at_both_moments() -> None:
    """A coroutine that waits three times is cancelled three times while it waits, and three times after."""
    reached: list[tuple[Moment, int]] = []
    for_all = []
    async for interruption in interruptions():

        async def work() -> None:
            for number in range(3):
                reached.append((interruption.moment, number))  # noqa: B023 - called within the round
                await asyncio.get_running_loop().run_in_executor(None, lambda: None)

        reached.clear()
        task = asyncio.ensure_future(_awaiting(interruption.of(work())))
        await asyncio.wait({task})
        for_all.append((interruption.moment, len(reached), task.cancelled()))
    assert for_all == [(moment, steps, ended) for moment in Moment for steps, ended in
                       [(1, True), (2, True), (3, True), (3, False)]]  # fmt: skip


async def test_a_result_that_is_lost_is_lost() -> None:
    """Cancelled when the answer is there, a coroutine that keeps what it is given in the next line doesn't get it."""
    held: list[str] = []

    async def take() -> None:
        held.append(await asyncio.to_thread(str))

    async for interruption in interruptions():
        held.clear()
        task = asyncio.ensure_future(_awaiting(interruption.of(take())))
        await asyncio.wait({task})
        assert bool(held) is not interruption.has_happened, interruption


async def test_work_without_end_is_an_error() -> None:
    """What suspends without end doesn't try the patience of a test without end."""

    async def restless() -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def try_all() -> None:
        async for interruption in interruptions(suspensions_max=10):
            await asyncio.wait({asyncio.ensure_future(_awaiting(interruption.of(restless())))})

    with pytest.raises(AssertionError):
        await try_all()


async def _awaiting(work: object) -> None:
    await work  # type: ignore[misc]
